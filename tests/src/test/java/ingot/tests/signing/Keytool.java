package ingot.tests.signing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * Keys and certificates made by the JDK's keytool.
 *
 * @param secret PEM, PKCS #8 with the public half inside
 */
record Keytool(Path secret, Path key, Path certificate) {
    static Keytool selfSigned(Path folder, String name, String curve, String algorithm, String subject, String... more)
            throws IOException, InterruptedException {
        Path store = folder.resolve(name + ".p12");
        generate(store, "a", curve, algorithm, subject, List.of(more));
        return read(store, "a", folder, name);
    }

    /** @param issuer name of a self-signed one in the same folder; it may have expired */
    static Keytool signedBy(
            Path folder, String issuer, String name, String curve, String algorithm, String subject, String... more)
            throws IOException, InterruptedException {
        Path store = folder.resolve(issuer + ".p12");
        List<String> options = new ArrayList<>(List.of("-signer", "a"));
        options.addAll(List.of(more));
        generate(store, name, curve, algorithm, subject, options);
        return read(store, name, folder, name);
    }

    private static void generate(
            Path store, String alias, String curve, String algorithm, String subject, List<String> more)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-J-XX:TieredStopAtLevel=1",
                "-genkeypair",
                "-alias",
                alias,
                "-keyalg",
                "EC",
                "-groupname",
                curve,
                "-sigalg",
                algorithm,
                "-dname",
                subject,
                "-storepass",
                "secret",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString()));
        if (!more.contains("-validity")) {
            command.addAll(List.of("-validity", "3650"));
        }
        command.addAll(more);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.Charset.defaultCharset());
        if (process.waitFor() != 0) {
            throw new IOException(output);
        }
    }

    private static Keytool read(Path store, String alias, Path folder, String name) throws IOException {
        try (InputStream in = Files.newInputStream(store)) {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(in, "secret".toCharArray());
            PrivateKey secret = (PrivateKey) keys.getKey(alias, "secret".toCharArray());
            Certificate certificate = keys.getCertificate(alias);
            return new Keytool(
                    pem(folder.resolve(name + ".pem"), "PRIVATE KEY", withPublic(secret, certificate.getPublicKey())),
                    pem(
                            folder.resolve(name + ".pub.pem"),
                            "PUBLIC KEY",
                            certificate.getPublicKey().getEncoded()),
                    pem(folder.resolve(name + ".crt.pem"), "CERTIFICATE", certificate.getEncoded()));
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private static Path pem(Path file, String label, byte[] der) throws IOException {
        return Files.writeString(
                file,
                "-----BEGIN " + label + "-----\n"
                        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
                        + "\n-----END " + label + "-----\n");
    }

    /** The JDK writes private keys without their public half, OpenSSL with it: [1] { BIT STRING } at the end. */
    private static byte[] withPublic(PrivateKey secret, PublicKey key) {
        byte[] spki = key.getEncoded();
        int algorithm = 2 + (spki[spki[1] < 0 ? 4 : 3] & 0xFF);
        int start = spki[1] < 0 ? 3 : 2;
        byte[] id = Arrays.copyOfRange(spki, start, start + algorithm);
        byte[] bits = Arrays.copyOfRange(spki, start + algorithm, spki.length);
        byte[] pkcs8 = secret.getEncoded();
        // SEQUENCE { INTEGER 0 (3 bytes), algorithm, OCTET STRING { SEQUENCE { INTEGER 1 (3), OCTET STRING number } } }
        int head = (pkcs8[1] < 0 ? 3 : 2) + 3 + id.length;
        int inner = head + (pkcs8[head + 1] < 0 ? 3 : 2);
        int content = inner + (pkcs8[inner + 1] < 0 ? 3 : 2);
        int number = 3 + 2 + (pkcs8[content + 4] & 0xFF);
        byte[] key1 = Arrays.copyOfRange(pkcs8, content, content + number);
        byte[] ec = element(0x30, key1, element(0xA1, bits));
        return element(0x30, new byte[] {2, 1, 0}, id, element(0x04, ec));
    }

    private static byte[] element(int tag, byte[]... parts) {
        var out = new java.io.ByteArrayOutputStream();
        int length = Arrays.stream(parts).mapToInt(p -> p.length).sum();
        out.write(tag);
        if (length > 255) {
            out.write(0x82);
            out.write(length >> 8);
        } else if (length > 127) {
            out.write(0x81);
        }
        out.write(length);
        for (byte[] p : parts) {
            out.writeBytes(p);
        }
        return out.toByteArray();
    }
}
