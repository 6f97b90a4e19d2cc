package ingot.runtime.template;

import java.time.Clock;
import java.util.Map;

/** What one rendering carries around: its variables from outside, its meter, its clock and where it is. */
final class Run {
    private final Map<String, Value> context;
    private final Budget budget;
    private final Clock clock;
    private int line = 1;

    Run(Map<String, Value> context, Budget budget, Clock clock) {
        this.context = context;
        this.budget = budget;
        this.clock = clock;
    }

    Map<String, Value> context() {
        return context;
    }

    Budget budget() {
        return budget;
    }

    Clock clock() {
        return clock;
    }

    int line() {
        return line;
    }

    void at(int newLine) {
        line = newLine;
    }

    Value.Str string(String text) {
        budget.string(text.length());
        return Value.Str.of(text);
    }
}
