package ingot.cli.render;

import ingot.runtime.verify.VerifyReport;

/** JUnit XML, one test case per check, as CI servers read it. */
public final class VerifyJUnit {
    private VerifyJUnit() {}

    public static String of(VerifyView view) {
        VerifyReport report = view.report();
        int tests = report.checks().size();
        int failures = report.failures().size();
        StringBuilder out = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        out.append("<testsuites tests=\"" + tests + "\" failures=\"" + failures + "\" errors=\"0\">\n");
        out.append("  <testsuite name=\"ingot verify " + Markup.escape(view.model()) + "\" tests=\"" + tests
                + "\" failures=\"" + failures + "\" errors=\"0\" skipped=\"0\">\n");
        out.append("    <properties>\n");
        property(out, "golden", view.golden());
        property(out, "type", view.info().type());
        property(out, "nmse", Format.scientific(report.overall().nmse()));
        property(out, "mean_kld", Format.scientific(report.overall().meanKld()));
        property(out, "top1", Format.fixed(report.overall().top1(), 6));
        report.departs().ifPresent(name -> property(out, "departs", name));
        out.append("    </properties>\n");
        for (VerifyReport.Check check : report.checks()) {
            out.append("    <testcase classname=\"ingot.verify\" name=\"" + Markup.escape(check.name()) + "\"");
            if (check.pass()) {
                out.append("/>\n");
            } else {
                out.append(">\n      <failure message=\"" + Markup.escape(check.message()) + "\"/>\n    </testcase>\n");
            }
        }
        return out.append("  </testsuite>\n</testsuites>\n").toString();
    }

    private static void property(StringBuilder out, String name, String value) {
        out.append("      <property name=\"" + name + "\" value=\"" + Markup.escape(value) + "\"/>\n");
    }
}
