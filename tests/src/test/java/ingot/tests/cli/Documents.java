package ingot.tests.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

/** Reports, as a parser of other people reads them. */
final class Documents {
    private Documents() {}

    static Document xml(String text) throws Exception {
        var factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        return factory.newDocumentBuilder().parse(new InputSource(new StringReader(text)));
    }

    /** Well-formed HTML, and nothing in it that a browser would fetch or run. */
    static Document page(String html) throws Exception {
        assertTrue(html.startsWith("<!DOCTYPE html>"));
        assertFalse(
                Pattern.compile("<script|https?:|@import|url\\(|src=|href=|<link|<iframe|\\son[a-z]+=")
                        .matcher(html)
                        .find(),
                "self-contained");
        return xml(html.replace("<!DOCTYPE html>", ""));
    }

    /** What the plots of a page are called. */
    static List<String> labels(Document page) {
        List<String> labels = new ArrayList<>();
        var plots = page.getElementsByTagName("svg");
        for (int i = 0; i < plots.getLength(); i++) {
            labels.add(((Element) plots.item(i)).getAttribute("aria-label"));
        }
        return labels;
    }
}
