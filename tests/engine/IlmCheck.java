// SPDX-License-Identifier: Apache-2.0
// Judges index lifecycle policies, offline, with the parser and the rules of Elasticsearch itself (x-pack-core).
// Arguments: files, each {"policy": {...}} as PUT _ilm/policy takes it. Exit code 1 when any of them is refused.

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.elasticsearch.xcontent.NamedXContentRegistry;
import org.elasticsearch.xcontent.NamedXContentRegistry.Entry;
import org.elasticsearch.xcontent.ParseField;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xcontent.XContentParserConfiguration;
import org.elasticsearch.xcontent.json.JsonXContent;
import org.elasticsearch.xpack.core.ilm.*;

public class IlmCheck {
	interface Parse {
		LifecycleAction from(XContentParser p) throws Exception;
	}

	static Entry action(String name, Parse parse) {
		return new Entry(LifecycleAction.class, new ParseField(name), p -> {
			try {
				return parse.from(p);
			} catch (RuntimeException e) {
				throw e;
			} catch (Exception e) {
				throw new IllegalArgumentException(e.getMessage(), e);
			}
		});
	}

	static final XContentParserConfiguration CONFIG = XContentParserConfiguration.EMPTY.withRegistry(
		new NamedXContentRegistry(List.of(
			new Entry(LifecycleType.class, new ParseField("timeseries"), p -> TimeseriesLifecycleType.INSTANCE),
			action(AllocateAction.NAME, AllocateAction::parse),
			action(DeleteAction.NAME, DeleteAction::parse),
			action(DownsampleAction.NAME, DownsampleAction::parse),
			action(ForceMergeAction.NAME, ForceMergeAction::parse),
			action(MigrateAction.NAME, MigrateAction::parse),
			action(ReadOnlyAction.NAME, ReadOnlyAction::parse),
			action(RolloverAction.NAME, RolloverAction::parse),
			action(SearchableSnapshotAction.NAME, SearchableSnapshotAction::parse),
			action(SetPriorityAction.NAME, SetPriorityAction::parse),
			action(ShrinkAction.NAME, ShrinkAction::parse),
			action(UnfollowAction.NAME, UnfollowAction::parse),
			action(WaitForSnapshotAction.NAME, WaitForSnapshotAction::parse))));

	static LifecyclePolicy read(String file) throws Exception {
		try (XContentParser p = JsonXContent.jsonXContent.createParser(CONFIG, Files.readAllBytes(Path.of(file)))) {
			p.nextToken();
			if (p.nextToken() != XContentParser.Token.FIELD_NAME || !p.currentName().equals("policy"))
				throw new IllegalArgumentException("the first member must be \"policy\"");
			p.nextToken();
			LifecyclePolicy policy = LifecyclePolicy.parse(p, "policy");
			// What the parser lets pass: unknown phases, actions in the wrong phase, ages out of order.
			TimeseriesLifecycleType.INSTANCE.validate(policy.getPhases().values());
			return policy;
		}
	}

	public static void main(String[] files) {
		int refused = 0;
		for (String file : files) {
			try {
				System.out.println(file + ": ok, phases " + read(file).getPhases().keySet());
			} catch (Exception e) {
				refused = 1;
				Throwable why = e;
				while (why.getCause() != null)
					why = why.getCause();
				System.out.println(file + ": refused: " + why.getMessage());
			}
		}
		System.exit(refused);
	}
}
