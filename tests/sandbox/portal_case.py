"""The portal's pages taken apart, a browser without script, and what holds for every page."""
import base64
import hashlib
import html.parser

from sandbox_case import FROZEN, Case

HOME = "/consumerportal/index.html"
TAGS = {"html", "head", "meta", "title", "style", "body", "div", "strong", "main", "p", "h1", "h2", "section", "form", "input",
        "label", "button", "ul", "li", "dl", "dt", "dd", "code", "span", "a"}


class Page(html.parser.HTMLParser):
    """A page taken apart: tags, attributes, text, and its forms with the fields they would send."""

    def __init__(self, answer):
        super().__init__()
        self.answer, self.tags, self.forms, self.text, self.style = answer, [], [], "", ""
        self.in_style = False
        self.feed(answer.text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        self.in_style = tag == "style"
        if tag == "form":
            self.forms.append({"action": attributes["action"], "method": attributes["method"], "fields": {}, "buttons": []})
        elif tag == "input":
            self.forms[-1]["fields"][attributes["name"]] = attributes.get("value", "")
        elif tag == "button" and "name" in attributes:
            self.forms[-1]["buttons"].append((attributes["name"], attributes["value"]))

    def handle_endtag(self, tag):
        self.in_style = False

    def handle_data(self, data):
        if self.in_style:
            self.style += data
        else:
            self.text += data

    def form(self, action):
        return next(form for form in self.forms if form["action"].endswith(action))


class Browser:
    """Keeps its cookie, sends what browsers send, follows what the portal redirects to."""

    def __init__(self, sandbox, host=None):
        self.sandbox, self.cookie = sandbox, None
        self.host = host or f"{sandbox.host}:{sandbox.port}"

    def send_only(self, method, path, form=None, **headers):
        """The answer as it is, redirects too."""
        given = {"Host": self.host, "Sec-Fetch-Site": "none" if method == "GET" else "same-origin",
                 "Origin": None if method == "GET" else "http://" + self.host, "Cookie": self.cookie, **headers}
        answer = self.sandbox.request(method, path, form=form,
                                      headers={name: value for name, value in given.items() if value is not None})
        cookie = answer.headers["Set-Cookie"]
        if cookie:
            self.cookie = cookie.split(";")[0]
        return answer

    def send(self, method, path, form=None, **headers):
        answer = self.send_only(method, path, form, **headers)
        if answer.status == 302:
            return self.send("GET", answer.headers["Location"])
        return Page(answer)

    def open(self, path="/"):
        return self.send("GET", path)

    def submit(self, page, action, button=None, **typed):
        form = page.form(action)
        return self.send("POST", form["action"], {**form["fields"], **typed, **dict([button] if button else [])})


class PortalCase(Case):
    ARGUMENTS = (*FROZEN, "--client-name", "Home Controller")

    def setUp(self):
        super().setUp()
        if self.ARGUMENTS is not None:
            self.browser = Browser(self.sandbox)

    def play(self, *arguments):
        """With a sandbox of its own: wrong PINs are counted over all visitors, and in real time."""
        self.sandbox = self.new_sandbox(*arguments)
        self.browser = Browser(self.sandbox)

    def expect_page(self, page, status=200, *words):
        """What holds for every page."""
        answer = page.answer
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["Content-Type"], "text/html;charset=UTF-8")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(answer.headers["X-Frame-Options"], "DENY")
        digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
        self.assertEqual(answer.headers["Content-Security-Policy"],
                         f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; "
                         "frame-ancestors 'none'")
        self.assertIn("This is a local sandbox, not ecobee.", page.text)
        self.assertIn("prefers-color-scheme: dark", page.style)
        names = [tag for tag, _ in page.tags]
        self.assertLessEqual(set(names), TAGS)
        self.assertEqual(names.count("h1"), 1)
        self.assertEqual(names.count("title"), 1)
        self.assertIn(("html", {"lang": "en"}), page.tags)
        self.assertIn({"name": "viewport", "content": "width=device-width, initial-scale=1"},
                      [attributes for tag, attributes in page.tags if tag == "meta"])
        for tag, attributes in page.tags:
            for name, value in attributes.items():
                self.assertFalse(name.startswith("on") or name in ("style", "src", "srcdoc"), (tag, attributes))
                if name in ("href", "action"):
                    self.assertRegex(value, "^/consumerportal/[a-z.]+$")
        for form in page.forms:
            self.assertEqual(form["method"], "post")
            self.assertGreater(len(form["fields"]["csrf"]), 40)
        labelled = {attributes["for"] for tag, attributes in page.tags if tag == "label"}
        for tag, attributes in page.tags:
            if tag == "input" and attributes["type"] != "hidden":
                self.assertIn(attributes["id"], labelled)
        for word in words:
            self.assertIn(word, page.text)
        return page

    def consent(self, pending, typed=None):
        start = self.expect_page(self.browser.open())
        return self.expect_page(self.browser.submit(start, "validate", pin=typed or pending["ecobeePin"]))
