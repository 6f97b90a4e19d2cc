package ingot.runtime.kernel.nativecode;

import java.util.ArrayList;
import java.util.List;

/** A place in the code that jumps go to; bound once, before or after them. */
final class Label {
    private static final int UNBOUND = -1;

    private final List<Integer> waiting = new ArrayList<>();
    private int position = UNBOUND;

    boolean bound() {
        return position != UNBOUND;
    }

    int position() {
        return position;
    }

    /** Positions of the 32-bit distances to fill in. */
    List<Integer> bind(int at) {
        if (bound()) {
            throw new IllegalStateException("bound twice");
        }
        position = at;
        return waiting;
    }

    void await(int distanceAt) {
        waiting.add(distanceAt);
    }
}
