package ingot.runtime.model;

import ingot.formats.Shape;

/**
 * A weight a model needs.
 *
 * @param name logical name, as the published checkpoints spell it
 * @param shape [outputs, inputs] of a matrix (y = W x), [n] of a vector, [channels, 1, width] of a convolution
 */
public record WeightSpec(String name, Shape shape, Role role) {
    /** What a weight is for; decides its default storage type. */
    public enum Role {
        /** Token embeddings [vocab, hidden]; also the output head where they are tied. */
        EMBEDDING(true),
        /** Output head [vocab, hidden]. */
        HEAD(true),
        /** Matrix of a linear layer. */
        LINEAR(true),
        /** Matrix that decides which experts a token passes, or how open a gate is; kept in f32. */
        ROUTER(true),
        /** Scale of an RMS norm; kept in f32. */
        NORM(false),
        /** w of an RMS norm whose scale is 1 + w; kept in f32, as w. */
        OFFSET_NORM(false),
        /** Taps of a depthwise convolution [channels, 1, width]; kept in f32. */
        CONVOLUTION(false),
        /** What sets the pace at which a recurrent state decays; kept in f32. */
        DECAY(false),
        /** Bias of a linear layer; kept in f32. */
        BIAS(false);

        private final boolean matrix;

        Role(boolean matrix) {
            this.matrix = matrix;
        }

        /** Whether it is a matrix and is stored as rows. */
        public boolean matrix() {
            return matrix;
        }
    }

    /** Outputs of a matrix; 1 for a vector. */
    public int rows() {
        return role.matrix() ? Math.toIntExact(shape.dim(0)) : 1;
    }

    /** Inputs of a matrix; length of a vector; width of a convolution. */
    public int cols() {
        return Math.toIntExact(shape.cols());
    }

    /** Number of single weights of anything but a matrix. */
    public int length() {
        return Math.toIntExact(shape.count());
    }

    static WeightSpec matrix(String name, Role role, int rows, int cols) {
        return new WeightSpec(name, new Shape(rows, cols), role);
    }

    static WeightSpec vector(String name, Role role, int length) {
        return new WeightSpec(name, new Shape(length), role);
    }
}
