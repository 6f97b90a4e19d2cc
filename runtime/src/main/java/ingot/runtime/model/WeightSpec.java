package ingot.runtime.model;

import ingot.formats.Shape;

/**
 * A weight a model needs.
 *
 * @param name logical name, as the published checkpoints spell it
 * @param shape [outputs, inputs] of a matrix (y = W x), [n] of a vector
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

    /** Inputs of a matrix; length of a vector. */
    public int cols() {
        return Math.toIntExact(shape.cols());
    }

    static WeightSpec matrix(String name, Role role, int rows, int cols) {
        return new WeightSpec(name, new Shape(rows, cols), role);
    }

    static WeightSpec vector(String name, Role role, int length) {
        return new WeightSpec(name, new Shape(length), role);
    }
}
