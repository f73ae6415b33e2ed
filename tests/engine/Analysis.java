// SPDX-License-Identifier: Apache-2.0
// The three parts of analysis-common that Elasticsearch's own index of users and API keys names, which the bare
// distribution of the tests lacks. With them it can keep users, roles and keys; nothing else is different.

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.email.UAX29URLEmailTokenizer;
import org.apache.lucene.analysis.miscellaneous.RemoveDuplicatesTokenFilter;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.elasticsearch.index.analysis.PreConfiguredTokenFilter;
import org.elasticsearch.index.analysis.PreConfiguredTokenizer;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;

public class Analysis extends Plugin implements AnalysisPlugin {
	private static TokenFilterFactory filter(String name, UnaryOperator<TokenStream> wrap) {
		return new TokenFilterFactory() {
			@Override
			public String name() {
				return name;
			}

			@Override
			public TokenStream create(TokenStream in) {
				return wrap.apply(in);
			}
		};
	}

	@Override
	public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
		return Map.of("pattern_capture", (index, env, name, settings) -> {
			Pattern[] patterns = settings.getAsList("patterns").stream().map(Pattern::compile).toArray(Pattern[]::new);
			boolean keep = settings.getAsBoolean("preserve_original", true);
			return filter(name, in -> new PatternCaptureGroupTokenFilter(in, keep, patterns));
		}, "unique", (index, env, name, settings) -> filter(name, RemoveDuplicatesTokenFilter::new));
	}

	@Override
	public List<PreConfiguredTokenFilter> getPreConfiguredTokenFilters() {
		return List.of(PreConfiguredTokenFilter.singleton("unique", false, RemoveDuplicatesTokenFilter::new));
	}

	@Override
	public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
		return Map.of("uax_url_email", (index, env, name, settings) -> TokenizerFactory.newFactory(name, UAX29URLEmailTokenizer::new));
	}

	@Override
	public List<PreConfiguredTokenizer> getPreConfiguredTokenizers() {
		return List.of(PreConfiguredTokenizer.singleton("uax_url_email", UAX29URLEmailTokenizer::new));
	}
}
