// SPDX-License-Identifier: MIT
package ecoauth;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A real sandbox process on a free port. */
final class Sandbox implements AutoCloseable {
    static final String CLIENT_ID = "JavaTestJavaTestJavaTestJavaTest";
    static final String SUMMARY = "/1/thermostatSummary?json=%7B%22selection%22%3A%7B%22selectionType%22%3A%22registered%22%2C"
        + "%22selectionMatch%22%3A%22%22%7D%7D";
    private static final String READY = "ecoauth-sandbox ready: ";

    final String url;
    private final Process process;
    private final HttpClient http = HttpClient.newHttpClient();

    Sandbox(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(System.getenv("ECOAUTH_SANDBOX"), "--port", "0", "--interval", "1"));
        command.addAll(List.of(arguments));
        process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = lines.readLine();
        if (line == null || !line.startsWith(READY)) {
            throw new IOException("the sandbox said " + line);
        }
        url = line.substring(READY.length());
    }

    private String send(HttpRequest.Builder request) throws Exception {
        HttpResponse<String> response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() / 100 != 2) {
            throw new IOException(response.statusCode() + ": " + response.body());
        }
        return response.body();
    }

    void control(String what, String form) throws Exception {
        send(HttpRequest.newBuilder(URI.create(url + "/sandbox/" + what)).header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form)));
    }

    /** How many requests for paths that begin so it has answered. */
    long count(String path) throws Exception {
        Matcher found = Pattern.compile("\"path\":\\s*\"" + Pattern.quote(path)).matcher(
            send(HttpRequest.newBuilder(URI.create(url + "/sandbox/log"))));
        return found.results().count();
    }

    /** A client of it, without its storage and handlers. */
    Client.Builder client(Storage storage) {
        return Client.builder(storage).clientId(CLIENT_ID).baseUrl(url);
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }

    /** An onPin that can be waited for. */
    static final class Pins implements java.util.function.Consumer<Pin> {
        final BlockingQueue<Pin> shown = new LinkedBlockingQueue<>();

        @Override
        public void accept(Pin pin) {
            shown.add(pin);
        }

        Pin next() throws InterruptedException {
            Pin pin = shown.poll(30, TimeUnit.SECONDS);
            if (pin == null) {
                throw new AssertionError("no PIN came");
            }
            return pin;
        }
    }

    /** Runs a class with a main() in a JVM of its own; gives back what it said, and it must have ended by itself with success. */
    static String java(Class<?> main, String... arguments) throws Exception {
        return finish(startJava(main, arguments));
    }

    static Process startJava(Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java", "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC", "-Xms24m", "-Xmx24m", "-XX:+AlwaysPreTouch", "-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    static String finish(Process process) throws Exception {
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("it did not end");
        }
        if (process.exitValue() != 0) {
            throw new AssertionError("exit code " + process.exitValue() + ": " + said);
        }
        return said;
    }

    static void passed(String... steps) {
        for (String step : steps) {
            System.out.println("scenario " + step + ": passed");
        }
    }
}
