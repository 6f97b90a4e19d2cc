/** What people type: one class per command, and how results are rendered. */
module ingot.cli {
    requires ingot.quant;
    requires info.picocli;
    requires me.tongfei.progressbar;
    requires static org.jspecify;

    opens ingot.cli to
            info.picocli;
}
