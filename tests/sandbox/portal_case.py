"""The portal's pages taken apart, a browser without script, and what holds for every page."""
import html.parser
import urllib.parse

from sandbox_case import FROZEN, Case

HOME = "/consumerportal/index.html"
TAGS = {"html", "head", "meta", "title", "link", "script", "body", "header", "nav", "img", "div", "strong", "main", "p", "h1", "h2",
        "h3", "section", "form", "fieldset", "legend", "input", "textarea", "label", "button", "ul", "li", "dl", "dt", "dd", "code",
        "span", "a", "time", "table", "thead", "tbody", "tr", "th", "td"}
PASSWORD = "correct horse"


class Page(html.parser.HTMLParser):
    """A page taken apart: tags, attributes, text, and its forms with the fields they would send."""

    def __init__(self, answer):
        super().__init__()
        self.answer, self.tags, self.forms, self.text = answer, [], [], ""
        self.area = None
        self.feed(answer.text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        if tag == "form":
            self.forms.append({"action": attributes["action"], "method": attributes["method"], "fields": {}, "buttons": []})
        elif tag == "input" and (attributes["type"] != "radio" or "checked" in attributes):
            self.forms[-1]["fields"][attributes["name"]] = attributes.get("value", "")
        elif tag == "textarea":
            self.area = attributes["name"]
            self.forms[-1]["fields"][self.area] = ""
        elif tag == "button" and "name" in attributes:
            self.forms[-1]["buttons"].append((attributes["name"], attributes["value"]))

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.area = None

    def handle_data(self, data):
        self.text += data
        if self.area:
            self.forms[-1]["fields"][self.area] += data

    def form(self, action):
        return next(form for form in self.forms if form["action"].endswith(action))

    def has_form(self, action):
        return any(form["action"].endswith(action) for form in self.forms)


class Browser:
    """Keeps its cookie, sends what browsers send, follows what the portal redirects to. Signs in with `account`, which is
    made on the spot."""

    def __init__(self, sandbox, host=None, account=None):
        self.sandbox, self.cookie = sandbox, None
        self.host = host or f"{sandbox.host}:{sandbox.port}"
        if account:
            self.sign_in(account, do="create")

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
        if answer.status in (302, 303):
            return self.send("GET", answer.headers["Location"])
        return Page(answer)

    def open(self, path="/"):
        return self.send("GET", path)

    def submit(self, page, action, button=None, **typed):
        form = page.form(action)
        return self.send("POST", form["action"], {**form["fields"], **typed, **dict([button] if button else [])})

    def sign_in(self, name, password=PASSWORD, do="sign-in", page=None):
        return self.submit(page or self.open("/consumerportal/sign-in"), "sign-in", ("do", do), name=name, password=password)

    def add(self, pin):
        """Enters a PIN under Add Application."""
        return self.submit(self.open("/consumerportal/add"), "validate", pin=pin)


class PortalCase(Case):
    ARGUMENTS = (*FROZEN, "--client-name", "Home Controller", "--account", "ann:" + PASSWORD)

    def setUp(self):
        super().setUp()
        if self.ARGUMENTS is not None:
            self.browser = Browser(self.sandbox)
            self.browser.sign_in("ann")

    def play(self, *arguments):
        """With a sandbox of its own: wrong PINs are counted over all visitors, and in real time."""
        self.sandbox = self.new_sandbox("--account", "ann:" + PASSWORD, *arguments)
        self.browser = Browser(self.sandbox)
        self.browser.sign_in("ann")

    def expect_page(self, page, status=200, *words, targets="'self'"):
        """What holds for every page."""
        answer = page.answer
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["Content-Type"], "text/html;charset=UTF-8")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(answer.headers["X-Frame-Options"], "DENY")
        script = "script-src 'self'; connect-src 'self'; " if "script" in [tag for tag, _ in page.tags] else ""
        self.assertEqual(answer.headers["Content-Security-Policy"],
                         f"default-src 'none'; style-src 'self'; img-src 'self'; {script}form-action {targets}; "
                         "base-uri 'none'; frame-ancestors 'none'")
        self.assertIn("This is a sandbox, not ecobee.", page.text)
        names = [tag for tag, _ in page.tags]
        self.assertLessEqual(set(names), TAGS)
        self.assertEqual(names.count("h1"), 1)
        self.assertEqual(names.count("title"), 1)
        self.assertIn(("html", {"lang": "en"}), page.tags)
        self.assertIn({"name": "viewport", "content": "width=device-width, initial-scale=1"},
                      [attributes for tag, attributes in page.tags if tag == "meta"])
        for tag, attributes in page.tags:
            for name, value in attributes.items():
                self.assertFalse(name.startswith("on") or name in ("style", "srcdoc"), (tag, attributes))
                if name in ("href", "action", "src"):
                    self.assertRegex(value, r"^(/consumerportal/[a-z./-]+(\?app=[0-9a-f]{64})?|#content)$")
        for form in page.forms:
            self.assertEqual(form["method"], "post")
            self.assertGreater(len(form["fields"]["csrf"]), 40)
        labelled = {attributes["for"] for tag, attributes in page.tags if tag == "label" and "for" in attributes}
        for tag, attributes in page.tags:
            if tag == "textarea" or tag == "input" and attributes["type"] not in ("hidden", "radio"):
                self.assertIn(attributes["id"], labelled)
        for word in words:
            self.assertIn(word, page.text)
        return page

    def consent(self, pending, typed=None):
        return self.expect_page(self.browser.add(typed or pending["ecobeePin"]))

    def address(self, **change):
        """Of the consent page."""
        given = {"response_type": "code", "client_id": self.client_id, "redirect_uri": "https://client.example/back",
                 "scope": "smartRead", "state": "s t", **change}
        return "/authorize?" + urllib.parse.urlencode({name: value for name, value in given.items() if value is not None})
