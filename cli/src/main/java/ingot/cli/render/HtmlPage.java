package ingot.cli.render;

import java.util.ArrayList;
import java.util.List;

/** A self-contained page: one file, no script, nothing fetched, light and dark. */
final class HtmlPage {
    private static final String STYLE = """
            :root{color-scheme:light dark;--bg:#faf9f6;--panel:#fff;--fg:#1d1c1a;--muted:#69655d;--line:#e0dcd3;\
            --a:#2a6f97;--b:#b4552d;--c:#6a4c93;--d:#3a7d44;--good:#2c7a4b;--bad:#b23a31}
            @media (prefers-color-scheme:dark){:root{--bg:#161719;--panel:#1e2023;--fg:#e6e4df;--muted:#9b978f;\
            --line:#34373c;--a:#6fb3d9;--b:#e08e66;--c:#b79ae0;--d:#7fc48a;--good:#6cc08b;--bad:#e5766c}}
            *{box-sizing:border-box}
            body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
            main{max-width:1080px;margin:0 auto;padding:32px 20px 64px}
            h1{font-size:24px;margin:0 0 4px;overflow-wrap:anywhere}
            h2{font-size:17px;margin:0 0 8px}
            p{margin:0 0 8px}.muted{color:var(--muted)}
            .verdict{display:inline-block;padding:1px 12px;border-radius:99px;font-weight:600;color:var(--bg)}
            .pass{background:var(--good)}.fail{background:var(--bad)}
            .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:20px 0}
            .card,section{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:12px 16px}
            .card b{display:block;font-size:20px;font-weight:600;font-variant-numeric:tabular-nums}
            .card span{color:var(--muted);font-size:13px}
            section{margin:16px 0;padding:16px 20px}
            .pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(460px,1fr));gap:16px}
            .pair{margin:16px 0}.pair section{margin:0;min-width:0}
            .cards.four{grid-template-columns:repeat(auto-fit,minmax(200px,1fr))}
            svg text{paint-order:stroke;stroke:var(--panel);stroke-width:3px;stroke-linejoin:round}
            .scroll{overflow-x:auto}
            table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:14px}
            th,td{text-align:right;padding:4px 10px;border-bottom:1px solid var(--line);white-space:nowrap}
            th:first-child,td:first-child{text-align:left}
            th{color:var(--muted);font-weight:500}
            svg{display:block;width:100%;height:auto;font-size:12px;fill:var(--muted)}
            .grid{stroke:var(--line)}.axis{stroke:var(--muted)}
            .bar{fill:var(--a)}.dot{fill:var(--a);fill-opacity:.35}
            polyline{fill:none;stroke-width:1.6}
            .s0{stroke:var(--a)}.s1{stroke:var(--b)}.s2{stroke:var(--c)}.s3{stroke:var(--d)}
            circle.s0{fill:var(--a)}circle.s1{fill:var(--b)}circle.s2{fill:var(--c)}circle.s3{fill:var(--d)}.guide{stroke:var(--muted);stroke-dasharray:4 4}
            .key{margin-right:14px}.key i{display:inline-block;width:14px;height:3px;border-radius:2px;\
            margin-right:5px;vertical-align:middle}
            .k0{background:var(--a)}.k1{background:var(--b)}.k2{background:var(--c)}.k3{background:var(--d)}
            pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0;font-size:14px}
            ul{margin:8px 0;padding-left:20px}
            details summary{cursor:pointer;color:var(--muted)}
            .names td:first-child{white-space:normal;overflow-wrap:break-word;min-width:170px}
            .bars{display:grid;grid-template-columns:max-content 1fr max-content;gap:6px 12px;align-items:center;font-size:14px}
            .bars i{display:block;height:14px;border-radius:3px;background:var(--a);min-width:2px}
            .bars{margin:4px 0 16px}.bars span:nth-child(3n){color:var(--muted);font-variant-numeric:tabular-nums}
            .own{fill:var(--bad);stroke:var(--bg);stroke-width:2}.own+text,.ownname{fill:var(--fg);font-weight:600}
            .hollow{fill:none;stroke:var(--bad);stroke-width:2}
            .spark{display:inline-block;width:96px;height:20px;vertical-align:middle}.spark path{fill:var(--a)}
            .cell{fill:var(--a)}.few{fill:var(--bad)}text.count{fill:var(--fg);stroke:none}
            .key .kcell,.key .kfew,.key .kown,.key .khollow{width:11px;height:11px}.kcell{background:var(--a)}\
            .kfew,.kown{background:var(--bad)}.key .kown{border-radius:50%}\
            .key .khollow{border:2px solid var(--bad);border-radius:50%}
            .plan td:nth-child(2),.plan th:nth-child(2){text-align:left;white-space:normal}
            .facts td:last-child,.facts th:last-child{text-align:left;white-space:normal;overflow-wrap:anywhere}
            @media (max-width:760px){svg.wide{width:720px}.cards.four{grid-template-columns:repeat(auto-fit,minmax(140px,1fr))}}
            @media (max-width:520px){.pair{grid-template-columns:1fr}main{padding:20px 12px 40px}section{padding:12px 14px}}
            @media print{svg.wide{width:100%}body{background:none}main{max-width:none;padding:0}section,.card{break-inside:avoid;border-color:#ccc}\
            .scroll{overflow:visible}h2{break-after:avoid}}
            """;

    private final StringBuilder body = new StringBuilder();
    private final String title;

    HtmlPage(String title) {
        this.title = title;
    }

    /** Appends finished HTML. */
    HtmlPage html(String html) {
        body.append(html).append('\n');
        return this;
    }

    HtmlPage section(String heading, String note, String html) {
        return html(sectionOf(heading, note, html));
    }

    /** Two sections side by side where there is room. */
    HtmlPage pair(List<String> sections) {
        return html(pairOf(sections));
    }

    static String pairOf(List<String> sections) {
        return "<div class=\"pair\">" + String.join("\n", sections) + "</div>\n";
    }

    static String sectionOf(String heading, String note, String html) {
        String remark = note.isEmpty() ? "" : "<p class=\"muted\">" + Markup.escape(note) + "</p>\n";
        return "<section>\n<h2>" + Markup.escape(heading) + "</h2>\n" + remark + html + "\n</section>";
    }

    static String card(String value, String label) {
        return "<div class=\"card\"><b>" + Markup.escape(value) + "</b><span>" + Markup.escape(label) + "</span></div>";
    }

    /** A name in the colour of a line. */
    static String key(String colour, String name) {
        return "<span class=\"key\"><i class=\"" + colour + "\"></i>" + Markup.escape(name) + "</span>";
    }

    static String table(List<String> heads, List<List<String>> rows) {
        List<List<String>> cells = new ArrayList<>();
        for (List<String> row : rows) {
            List<String> escaped = new ArrayList<>(List.of(name(row.getFirst())));
            row.subList(1, row.size()).forEach(c -> escaped.add(Markup.escape(c)));
            cells.add(escaped);
        }
        return tableOf(heads, cells);
    }

    /** Escaped text that may break behind a dot, as the name of a tensor should. */
    static String name(String text) {
        return Markup.escape(text).replace(".", ".<wbr/>");
    }

    /** @param rows of finished HTML */
    static String tableOf(List<String> heads, List<List<String>> rows) {
        StringBuilder out = new StringBuilder("<div class=\"scroll\"><table>\n<thead><tr>");
        heads.forEach(h -> out.append("<th>").append(Markup.escape(h)).append("</th>"));
        out.append("</tr></thead>\n<tbody>\n");
        for (List<String> row : rows) {
            out.append("<tr>");
            row.forEach(c -> out.append("<td>").append(c).append("</td>"));
            out.append("</tr>\n");
        }
        return out.append("</tbody></table></div>").toString();
    }

    String render() {
        return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>"
                + Markup.escape(title) + "</title>\n<style>\n" + STYLE + "</style>\n</head>\n<body>\n<main>\n" + body
                + "</main>\n</body>\n</html>\n";
    }
}
