"""Opens pages in Chromium, by the DevTools protocol over a pipe, and says what it saw as JSON.

look.py CHROMIUM OUT FILE...: for each FILE screenshots OUT/STEM-WIDTH-SCHEME.png at two widths, light
and dark, and OUT/STEM-{a4,letter}.pdf.
"""

import base64
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

VIEWS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
PAPERS = {"a4": (8.27, 11.69), "letter": (8.5, 11)}

# What a page is, as its reader finds it.
LAYOUT = r"""(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const outside = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.right > WIDTH + 1 && !element.closest('.scroll, .skip');
  };
  // WCAG 2.2, relative luminance and contrast ratio.
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = channels(colour).map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let it = element; it; it = it.parentElement) {
      const colour = getComputedStyle(it).backgroundColor;
      if (channels(colour)[3] !== 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const contrast = (element) => {
    const style = getComputedStyle(element);
    const pair = [light(element.tagName === 'text' ? style.fill : style.color), light(behind(element))];
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
  };
  const hasText = (element) => [...element.childNodes].some((it) => it.nodeType === 3 && it.data.trim());
  const name = (element) => element.tagName + ' ' + element.textContent.trim().slice(0, 40);
  return {
    inner: innerWidth,
    scrolled: document.documentElement.scrollWidth,
    outside: all('body *').filter(outside).map(name),
    overlapping: all('tbody tr > *, .tiles > div, .facts div > *').filter(
      (it) => it.scrollWidth > it.clientWidth + 1 && getComputedStyle(it).display !== 'inline'
        && !it.closest('.bars')).map(name),
    faint: all('body *').filter((it) => hasText(it) && contrast(it) < 4.5)
      .map((it) => name(it) + ' ' + contrast(it).toFixed(2)),
    background: getComputedStyle(document.body).backgroundColor,
    headings: all('h1, h2, h3, h4').map((it) => [Number(it.tagName[1]), it.textContent]),
  };
})()"""

# How light an image is on average, and how many colours it has.
PIXELS = """async (data) => {
  const image = new Image();
  image.src = 'data:image/png;base64,' + data;
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, image.width, image.height).data;
  const colours = new Set();
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 4) {
    sum += pixels[i] + pixels[i + 1] + pixels[i + 2];
    colours.add((pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2]);
  }
  return {light: sum / (pixels.length / 4) / 765, colours: colours.size, height: image.height};
}"""


class Browser:
    """Chromium at the other end of two pipes."""

    def __init__(self, program, profile):
        to_read, self.write = os.pipe()
        self.read, to_write = os.pipe()
        # Chromium reads from 3 and writes to 4; nothing of ours may be in the way.
        theirs = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (to_read, to_write)]
        command = [program, "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={profile}"]
        command += ["--no-first-run", "--disable-gpu", "--disable-extensions", "--disable-dev-shm-usage"]
        command += ["--disable-background-networking", "--hide-scrollbars"]
        if os.geteuid() == 0:
            command.append("--no-sandbox")
        self.process = subprocess.Popen(
            command, preexec_fn=lambda: [os.dup2(end, 3 + i) for i, end in enumerate(theirs)], close_fds=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for end in (to_read, to_write, *theirs):
            os.close(end)
        self.number, self.buffer, self.session, self.events = 0, b"", None, []

    def message(self):
        while b"\0" not in self.buffer:
            part = os.read(self.read, 1 << 20)
            if not part:
                sys.exit("chromium has ended")
            self.buffer += part
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.write, json.dumps(request).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") != self.number:
                self.events.append(message)
                continue
            if "error" in message:
                sys.exit(f"{method}: {message['error']}")
            return message["result"]

    def wait(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.message())

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            sys.exit(f"{expression[:60]}: {result['exceptionDetails']}")
        return result["result"]["value"]

    def open(self, url):
        """A tab of its own, with everything that it says being told."""
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits", "DOM", "CSS"):
            self.call(f"{domain}.enable")
        self.events.clear()
        if url != "about:blank":
            self.call("Page.navigate", url=url)
            self.wait("Page.loadEventFired")
        return target


def said(events):
    """Messages, errors and issues, and what was asked of a network."""
    words, requests = [], []
    for event in events:
        method, params = event.get("method"), event.get("params", {})
        if method == "Log.entryAdded":
            words.append(params["entry"]["text"])
        elif method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            words.append(json.dumps(params))
        elif method == "Audits.issueAdded":
            words.append(json.dumps(params["issue"]))
        elif method == "Network.requestWillBeSent":
            requests.append(params["request"]["url"])
    return words, requests


def shoot(browser, width, scheme, path):
    browser.call(
        "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 700
    )
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.call("Emulation.setEmulatedMedia", features=features)
    layout = browser.evaluate(LAYOUT.replace("WIDTH", str(width)))
    shot = browser.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
    path.write_bytes(base64.b64decode(shot))
    return layout, shot


def look(browser, file, out):
    target = browser.open(file.resolve().as_uri())
    views, shots = [], []
    for width, scheme in VIEWS:
        name = f"{file.stem}-{width}-{scheme}.png"
        layout, shot = shoot(browser, width, scheme, out / name)
        views.append({"file": name, "width": width, "scheme": scheme, **layout})
        shots.append(shot)
    browser.call("Emulation.clearDeviceMetricsOverride")
    browser.call("Emulation.setEmulatedMedia", features=[])
    for paper, (width, height) in PAPERS.items():
        pdf = browser.call(
            "Page.printToPDF", paperWidth=width, paperHeight=height, printBackground=False, preferCSSPageSize=False
        )
        (out / f"{file.stem}-{paper}.pdf").write_bytes(base64.b64decode(pdf["data"]))
    names = browser.call("Accessibility.getFullAXTree")["nodes"]
    words, requests = said(browser.events)
    browser.session = None
    browser.call("Target.closeTarget", targetId=target)
    # The pictures are looked at on a page of their own, where that is allowed.
    blank = browser.open("about:blank")
    for view, shot in zip(views, shots):
        view["pixels"] = browser.evaluate(f"({PIXELS})({json.dumps(shot)})")
    browser.session = None
    browser.call("Target.closeTarget", targetId=blank)
    return {"file": file.name, "views": views, "said": words, "requests": requests, "tree": roles(names)}


def roles(nodes):
    """How often each role is there, and those that have to have a name and have none."""
    counts, nameless = {}, []
    for node in nodes:
        role = node.get("role", {}).get("value")
        if node.get("ignored") or not role:
            continue
        counts[role] = counts.get(role, 0) + 1
        named = ("image", "table", "region", "navigation", "link", "rowheader", "columnheader", "heading")
        if role in named and not node.get("name", {}).get("value"):
            nameless.append(role)
    return {"counts": counts, "nameless": nameless}


def main():
    program, out, *files = sys.argv[1:]
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    profile = tempfile.mkdtemp(prefix="look-")
    browser = Browser(program, profile)
    try:
        json.dump([look(browser, pathlib.Path(file), out) for file in files], sys.stdout)
        browser.session = None
        browser.call("Browser.close")
        browser.process.wait(30)
    finally:
        browser.process.kill()
        shutil.rmtree(profile, ignore_errors=True)


main()
