package ingot.cli;

/** Entry point of the {@code ingot} command. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.out.println("ingot");
    }
}
