"""What a person does in a browser at oidc-provider's own pages, without a browser: redirects, cookies, forms, links."""
import html.parser
import http.cookiejar
import urllib.parse
import urllib.request


class Page(html.parser.HTMLParser):
    """The one form of a page with its named inputs, and its links."""

    def __init__(self, address, text):
        super().__init__()
        self.address, self.text = address, text
        self.action, self.inputs, self.links = None, {}, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        held = dict(attributes)
        if tag == "form":
            self.action = urllib.parse.urljoin(self.address, held.get("action", ""))
        elif tag == "input" and "name" in held:
            self.inputs[held["name"]] = held.get("value", "")
        elif tag == "a":
            self.links.append(urllib.parse.urljoin(self.address, held.get("href", "")))


class Browser:
    """Goes where it is sent, also to the client's redirect address."""

    def __init__(self):
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                                  urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def open(self, address, form=None, timeout_s=30):
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        with self.opener.open(address, data, timeout_s) as answer:
            return Page(answer.url, answer.read().decode())

    def submit(self, page, **filled):
        unknown = set(filled) - set(page.inputs)
        assert page.action and not unknown, f"no form with {unknown} in {page.text}"
        return self.open(page.action, {**page.inputs, **filled})

    def sign_in(self, address):
        """From the client's address to the page that asks for consent. Who has signed in before is remembered."""
        page = self.open(address)
        if "login" in page.inputs:
            page = self.submit(page, login="ann", password="anything")
        assert page.inputs.get("prompt") == "consent", page.text
        return page

    def accept(self, address):
        return self.submit(self.sign_in(address))

    def decline(self, address):
        away, = [link for link in self.sign_in(address).links if link.endswith("/abort")]
        return self.open(away)
