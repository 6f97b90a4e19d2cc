package ingot.formats.torch;

import ingot.formats.IngotException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The stack of values that the instructions of a pickle work on, with its marks; of bounded size. */
final class PickleStack {
    /** torch.save sets 1000 items at a time, two values each. */
    private static final int MAX_STACK = 100_000;

    /** About twenty for each tensor; with their memory below 64 MiB. */
    private static final int MAX_VALUES = 1_500_000;

    private final Function<String, IngotException.BadData> bad;
    private final List<PickleValue> stack = new ArrayList<>();
    /** Heights of the stack at the marks that are open. */
    private final List<Integer> marks = new ArrayList<>();

    private int values;

    /** @param bad the error with a reason, at the instruction being carried out */
    PickleStack(Function<String, IngotException.BadData> bad) {
        this.bad = bad;
    }

    /** What STOP leaves: one value, and nothing besides. */
    PickleValue last() {
        PickleValue result = pop();
        if (!stack.isEmpty() || !marks.isEmpty()) {
            throw bad.apply("STOP with " + stack.size() + " values left on the stack");
        }
        return result;
    }

    void push(PickleValue value) {
        if (stack.size() == MAX_STACK) {
            throw bad.apply("more than " + MAX_STACK + " values on the stack");
        }
        if (++values > MAX_VALUES) {
            throw bad.apply("more than " + MAX_VALUES + " values in one pickle; save the state dict alone");
        }
        stack.add(value);
    }

    void mark() {
        if (marks.size() == MAX_STACK) {
            throw bad.apply("more than " + MAX_STACK + " marks");
        }
        marks.add(stack.size());
    }

    /** Nothing below the latest mark can be taken, as in Python. */
    private int floor() {
        return marks.isEmpty() ? 0 : marks.getLast();
    }

    PickleValue pop() {
        return take(1).getFirst();
    }

    List<PickleValue> take(int n) {
        if (stack.size() - floor() < n) {
            throw bad.apply("the stack holds " + (stack.size() - floor()) + " values where " + n + " are needed");
        }
        return cut(stack.size() - n);
    }

    List<PickleValue> sinceMark() {
        if (marks.isEmpty()) {
            throw bad.apply("no MARK before");
        }
        return cut(marks.removeLast());
    }

    private List<PickleValue> cut(int from) {
        List<PickleValue> tail = stack.subList(from, stack.size());
        List<PickleValue> taken = List.copyOf(tail);
        tail.clear();
        return taken;
    }

    PickleValue top() {
        if (stack.size() == floor()) {
            throw bad.apply("the stack is empty");
        }
        return stack.getLast();
    }
}
