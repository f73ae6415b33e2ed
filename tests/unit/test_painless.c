/* SPDX-License-Identifier: Apache-2.0
 * Tokens of Painless, and scripts that lose what the language does not need. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/assets/painless.h"
#include "importer/assets/token.h"
#include "tests/lib/with_assets.h"

static char *stripped(const char *source)
{
	struct err err = ERR_NONE;
	CLEANUP_FREE char *marked = NULL;
	char *out = NULL;
	assert_true(asprintf(&marked, "//@strip\n%s", source) > 0);
	if (painless_finish(assets, "t", marked, &out, &err))
		fail_msg("%s: %s", source, err.msg);
	return out;
}

/* By hand, from the lexer's grammar: each is a way to take text for code or code for text. */
static const struct {
	const char *source, *want;
} cases[] = {
	/* comments */
	{ "/* see http://example.org/ */ a();", "a();" },
	{ "a(); // b(); /* c();\nd();", "a();d();" },
	{ "a(); /* b();\n// c(); */ d();", "a();d();" },
	{ "a(); /* it's */ b(); // it's \"\nc();", "a();b();c();" },
	{ "a();/**/b();/***/c();/* **/d();", "a();b();c();d();" },
	{ "int/* a */x; // the last line", "int x;" },
	{ "a(); // dos\r\nb();", "a();b();" },
	/* texts */
	{ "x = '//'; y = \"/*\"; z = '*/';", "x='//';y=\"/*\";z='*/';" },
	{ "x = 'it\\'s // one'; // two", "x='it\\'s // one';" },
	{ "x = '\\\\'; // '", "x='\\\\';" },
	{ "x = \"'\" + '\"' ; // it's", "x=\"'\"+'\"';" },
	{ "x = 'two\n  lines';", "x='two\n  lines';" },
	/* a slash where an operand is wanted */
	{ "x = /[\"']/ ; // it's", "x=/[\"']/;" },
	{ "if (s =~ /a  b/) { c(); }", "if(s=~/a  b/){c();}" },
	{ "x = s ==~ / \\/\\* / ; y();", "x=s==~/ \\/\\* /;y();" },
	{ "return /'/.matcher(s); // '", "return/'/.matcher(s);" },
	{ "a ? /x  y/i : /'/ ; // '", "a?/x  y/i:/'/;" },
	{ "f(/'/ , /\"/ );", "f(/'/,/\"/);" },
	{ "{ } /'/.matcher(s); // '", "{}/'/.matcher(s);" },
	{ "x = !/'/.matcher(s).find(); // '", "x=!/'/.matcher(s).find();" },
	{ "x = /a/ in y;", "x=/a/ in y;" },
	{ "for (a in /'/ . split(s)) { } // '", "for(a in/'/.split(s)){}" },
	{ "x = a instanceof /'/ ; // '", "x=a instanceof/'/;" },
	/* a slash behind one: no regular expression, whatever stands to its right */
	{ "x = (a) / b; y = 'c' ; // d/", "x=(a)/b;y='c';" },
	{ "x = a[0] / 2 ; y = \"/\" ;", "x=a[0]/2;y=\"/\";" },
	{ "x = a / 2 + '  /  ' ;", "x=a/2+'  /  ';" },
	{ "x = 10L / y + '  /  ';", "x=10L/y+'  /  ';" },
	{ "x = list.0 / y + '  /  ';", "x=list.0/y+'  /  ';" },
	{ "x = a.this / y + '  /  ';", "x=a.this/y+'  /  ';" },
	{ "x = a /* b */ / c / /* d */ e;", "x=a/c/e;" },
	{ "x = a / // half\n  2;", "x=a/2;" },
	/* blanks that matter */
	{ "int  x = a + +b - -c;", "int x=a+ +b- -c;" },
	{ "i++ + ++j; k-- - --l;", "i++ + ++j;k-- - --l;" },
	{ "a +/* b */+ c", "a+ +c" },
	{ "a < < b; c > > d; e = = f; g ! = h", "a< <b;c> >d;e= =f;g! =h" },
	{ "a ? : b; c ? .d; x - > y; m = ~n", "a? :b;c? .d;x- >y;m= ~n" },
	{ "1 .a; 0x1F L; 1.5e-3f - 2", "1 .a;0x1F L;1.5e-3f-2" },
	{ "else  if (a)\treturn  'b'  ;", "else if(a)return'b';" },
};

static void stripping_leaves_the_code(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP_FREE char *out = stripped(cases[i].source);
		assert_string_equal(out, cases[i].want);
		CLEANUP_FREE char *again = stripped(out);
		assert_string_equal(again, out);
	}
}

/* Only of a merged script, only where they are defined, called or referred to: no method, no text,
 * no word of the language, and no name that the script has itself. */
static const struct {
	const char *above, *below, *want;
} shortened[] = {
	{ "long times_two(long v) { if (v > 1) { return v * 2; } return 0; }\n"
	  "long[] pair_of(int n) { return pair_too(n); }",
	  "x.times_two(1); times_two (2); 'times_two('; else if (x) { pair_of(1) }",
	  "long _0(long v){if(v>1){return v*2;}return 0;}"
	  "long[]_1(int n){return pair_too(n);}"
	  "x.times_two(1);_0(2);'times_two(';else if(x){_1(1)}" },
	/* a reference has no bracket behind it; only "this" has our functions */
	{ "String lower(String s) { return s; }",
	  "l.map(this::lower); l.map( this :: lower ); l.map(String::lower); x.lower",
	  "String _0(String s){return s;}"
	  "l.map(this::_0);l.map(this::_0);l.map(String::lower);x.lower" },
	/* fields of the document are no such names, and what is one is left out */
	{ "int first() { return 1; } int second() { return 2; } int _1() { return 3; }",
	  "ctx._index = ctx._id; ctx._source; first(); second(); _1();",
	  "int _0(){return 1;}int _2(){return 2;}int _1(){return 3;}"
	  "ctx._index=ctx._id;ctx._source;_0();_2();_1();" },
	{ "int first() { return 1; } int _0() { return 3; } int __(int _, int _0a) { return 4; }",
	  "first(); _0(); __(1, 2);",
	  "int _1(){return 1;}int _0(){return 3;}int __(int _,int _0a){return 4;}"
	  "_1();_0();__(1,2);" },
	/* variables and parameters; no member, type or text, nor what the engine has given */
	{ "Map all(Map parent, String key, Map params) { long[] both = null;\n"
	  "for (def entry : parent.entry) { both = entry; }\n"
	  "if (key instanceof String || both > limit) { params.both(both); } return parent; }",
	  "Map both = all(ctx, 'parent', params); parent(both);",
	  "Map all(Map _0,String key,Map params){long[]_1=null;"
	  "for(def _2:_0.entry){_1=_2;}"
	  "if(key instanceof String||_1>limit){params.both(_1);}return _0;}"
	  "Map _1=all(ctx,'parent',params);parent(_1);" },
	/* what stands within brackets defines no function */
	{ "int outer() { Map inner(1); def f = inner(2); }", "inner(3); outer();",
	  "int _0(){Map inner(1);def f=inner(2);}inner(3);_0();" },
};

static void merged_functions_have_short_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shortened) / sizeof(shortened[0]); i++) {
		struct err err = ERR_NONE;
		CLEANUP_FREE char *source = NULL, *out = NULL;
		assert_true(asprintf(&source, "//@strip\n%s\n//@run\n%s", shortened[i].above,
				     shortened[i].below) > 0);
		assert_int_equal(painless_finish(assets, "t", source, &out, &err), 0);
		assert_string_equal(out, shortened[i].want);
	}
}

/* The thirty-seventh function has two digits, and a word with two is somebody's, too. */
static void short_names_have_two_digits_at_most(void **state)
{
	struct err err = ERR_NONE;
	char source[4000] = "//@strip\nint _10() { return 1; }\n";
	CLEANUP_FREE char *out = NULL;
	(void)state;
	for (int i = 0; i < 38; i++)
		snprintf(source + strlen(source), sizeof(source) - strlen(source),
			 "int number%d() { return %d; }\n", i, i);
	snprintf(source + strlen(source), sizeof(source) - strlen(source),
		 "//@run\nnumber0(); number35(); number36(); number37();");
	assert_int_equal(painless_finish(assets, "t", source, &out, &err), 0);
	assert_string_equal(strrchr(out, '}'), "}_0();_z();_11();_12();");
}

static void what_is_no_script_is_refused(void **state)
{
	static const struct {
		const char *source, *message;
	} bad[] = {
		{ "", "empty" },
		{ " // a\n /* b */ ", "empty" },
		{ "a(); /* b();", "comment has no end: /* b();" },
		{ "a = 'b; // c", "text in quotes has no end: 'b; // c" },
		{ "a = \"b\\\"", "text in quotes has no end" },
		{ "a();\n//@run\nb();\n//@run\n", "here: line 4 of a script is a second //@run" },
		{ "a = / b;\nc/;", "regular expression has no end: / b;" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_NONE;
		char *out = NULL;
		assert_int_equal(painless_finish(assets, "here", bad[i].source, &out, &err), -1);
		assert_int_equal(err.code, EF_USAGE);
		assert_non_null(strstr(err.msg, "here: "));
		if (!strstr(err.msg, bad[i].message))
			assert_string_equal(err.msg, bad[i].message);
	}
}

/* One script alone is for people: it keeps what is written, but for the marks. */
static void one_script_stays_as_it_is_written(void **state)
{
	struct err err = ERR_NONE;
	CLEANUP_FREE char *out = NULL;
	(void)state;
	assert_int_equal(painless_finish(assets, "t",
					 "// why\n\nint a() {\n  return 1; // one\n}\n//@run\n  "
					 "a();",
					 &out, &err),
			 0);
	assert_string_equal(out, "// why\n\nint a() {\n  return 1; // one\n}\n  a();\n");
}

/* A mark is a comment that has its line to itself; what looks like one in a text or a block comment
 * is none. */
static void marks_are_comments(void **state)
{
	static const struct {
		const char *source, *want;
	} rows[] = {
		{ "/*\n//@run\n//@strip\n//@include nowhere\n*/\na();\n",
		  "/*\n//@run\n//@strip\n//@include nowhere\n*/\na();\n" },
		{ "x = 'a\n//@run\n//@strip\n//@include nowhere\n';",
		  "x = 'a\n//@run\n//@strip\n//@include nowhere\n';\n" },
		{ "a();\n//@other\n b(); //@run\n//@runs\nc(); //@strip\n//@include\n//@other",
		  "a();\n//@other\n b(); //@run\n//@runs\nc(); //@strip\n//@include\n//@other\n" },
		{ "a();\r\n \t//@run \t\r\n b();\r\n//@run'", "a();\r\n b();\r\n//@run'\n" },
		{ "/* it's\n//@run\n*/ a();\n//@run", "/* it's\n//@run\n*/ a();\n" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_NONE;
		CLEANUP_FREE char *out = NULL;
		if (painless_finish(assets, "t", rows[i].source, &out, &err))
			fail_msg("%s", err.msg);
		assert_string_equal(out, rows[i].want);
		assert_int_equal(painless_mergeable(rows[i].source), i >= 3);
	}
	CLEANUP_FREE char *merged = painless_merge("/*\n//@run\n*/\n//@run\na();", "//@run\nb();");
	assert_string_equal(merged, "//@strip\n/*\n//@run\n*/\n\n\n//@run\na();\nb();");
}

/* The first that a reader sees are the script's own functions; without "//@run" nothing says where
 * they end. */
static void libraries_stand_below(void **state)
{
	struct err err = ERR_NONE;
	CLEANUP_FREE char *below = NULL, *above = NULL;
	(void)state;
	assert_int_equal(
	    painless_finish(assets, "t",
			    "//@include ends\n//@include ends\nint a() {}\n//@run\na();", &below,
			    &err),
	    0);
	assert_int_equal(painless_finish(assets, "t", "//@include ends\na();", &above, &err), 0);
	assert_int_equal(strncmp(below, "int a() {}\n", 11), 0);
	assert_non_null(strstr(below, "String end_key("));
	assert_string_equal(strrchr(above, '}'), "}\na();\n");
	assert_string_equal(strrchr(below, '}'), "}\na();\n");
}

static void long_scripts_are_stripped(void **state)
{
	struct err err = ERR_NONE;
	static const char part[] = "int  x = a + b; // it's a comment\n", want[] = "int x=a+b;";
	size_t n = PAINLESS_MAX / (sizeof(want) - 1); /* longer only before stripping */
	CLEANUP_FREE char *source = calloc(n, sizeof(part)), *out = NULL;
	(void)state;
	for (size_t i = 0; i < n; i++)
		memcpy(source + i * (sizeof(part) - 1), part, sizeof(part) - 1);
	assert_int_equal(painless_finish(assets, "t", source, &out, &err), 0);
	assert_int_equal(strlen(out), n * (sizeof(want) - 1));
	for (size_t i = 0; i < n; i++)
		assert_memory_equal(out + i * (sizeof(want) - 1), want, sizeof(want) - 1);
}

/* The next token that is code. */
static struct token code(struct tokens *t)
{
	struct token token;
	do
		token = token_next(t);
	while (token.kind == TOKEN_BLANK || token.kind == TOKEN_COMMENT);
	return token;
}

static void assert_same_code(const char *source, const char *out)
{
	struct tokens a = { .at = source }, b = { .at = out };
	struct token x, y;
	do {
		x = code(&a), y = code(&b);
		if (x.kind != y.kind || x.len != y.len || strncmp(x.text, y.text, x.len) != 0)
			fail_msg("'%.*s' became '%.*s' in: %s", (int)x.len, x.text, (int)y.len,
				 y.text, source);
	} while (x.kind != TOKEN_END);
}

/* Whatever stands in a row: the tokens of what is left are those that there were. */
static void any_tokens_survive(void **state)
{
	static const char *const words[] = {
		"a",     "if", "return",   "this",     "1",   "10L",  "0x1F", "1.5e3", "'b // c'",
		"\"d\"", "+",  "-",        "++",       "/",   "*",    "<",    ">",     "=",
		"!",     "?",  ":",        ".",        "&",   "|",    "~",    "(",     ")",
		"[",     "]",  "{",        "}",        ";",   ",",    " ",    "\n",    "\t",
		" ",     " ",  "/* e '*/", "// f '\n", "/g/", "/h/x",
	};
	unsigned seed = 1;
	(void)state;
	for (int round = 0; round < 20000; round++) {
		char source[400] = "x ";
		for (int i = 0; i < 25; i++) {
			seed = seed * 1103515245U + 12345U;
			strncat(source, words[(seed >> 16) % (sizeof(words) / sizeof(words[0]))],
				sizeof(source) - strlen(source) - 1);
		}
		struct err err = ERR_NONE;
		CLEANUP_FREE char *marked = NULL, *out = NULL;
		assert_true(asprintf(&marked, "//@strip\n%s", source) > 0);
		if (painless_finish(assets, "t", marked, &out, &err) == 0)
			assert_same_code(source, out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stripping_leaves_the_code),
		cmocka_unit_test(merged_functions_have_short_names),
		cmocka_unit_test(short_names_have_two_digits_at_most),
		cmocka_unit_test(what_is_no_script_is_refused),
		cmocka_unit_test(one_script_stays_as_it_is_written),
		cmocka_unit_test(marks_are_comments),
		cmocka_unit_test(libraries_stand_below),
		cmocka_unit_test(long_scripts_are_stripped),
		cmocka_unit_test(any_tokens_survive),
	};
	return cmocka_run_group_tests(tests, open_assets, close_assets);
}
