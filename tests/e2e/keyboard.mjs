// From an app's request to the account page without a mouse and without JavaScript: only Tab, Enter and letters.
import { check, totp } from "./support.mjs";
import { password } from "./world.mjs";

export async function byKeyboard(browser, w) {
  const context = await browser.newContext({ baseURL: w.at.main, javaScriptEnabled: false, locale: "en-GB" });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const { keyboard } = page;
  const press = async (key) => {
    await keyboard.press(key);
    const focus = await page.evaluate(focused);
    check(focus.ring, `keyboard: the focus is seen on ${focus.name}`);
    return focus.name;
  };
  /** Goes on to a control; every one on the way is reached in turn. */
  const tabTo = async (name) => {
    for (let steps = 0; steps < 40; steps += 1) {
      if ((await press("Tab")) === name) return;
    }
    check(false, `keyboard: ${name} is reached`);
  };
  const enter = async () => {
    await Promise.all([page.waitForEvent("load"), keyboard.press("Enter")]);
  };

  await page.goto(w.authorize());
  check((await page.evaluate(focused)).name === "username", "keyboard: sign-in begins in the user name");
  await keyboard.type("kay");
  check((await press("Tab")) === "password", "keyboard: the password follows");
  await keyboard.type(password);
  await enter();
  check((await page.evaluate(focused)).name === "code", "keyboard: the code has the focus");
  await keyboard.type(totp(w.secrets.kay));
  await enter();
  check(page.url().includes("/authorize/continue"), "keyboard: the code leads to consent");
  check((await page.evaluate(focused)).page, "keyboard: on consent nothing is pressed by a stray Enter");
  await tabTo("deny");
  check((await press("Tab")) === "allow", "keyboard: allow stands beside deny");
  const answer = w.target.next();
  await enter();
  check((await answer).searchParams.get("code"), "keyboard: the app has its code");

  await page.goto("/account");
  const controls = await page.locator("a[href], button, input:not([type=hidden])").count();
  const reached = new Set();
  for (let steps = 0; steps < controls; steps += 1) reached.add(`${steps} ${await press("Tab")}`);
  await keyboard.press("Tab");
  check((await page.evaluate(focused)).page, `keyboard: all ${reached.size} controls of the account page`);
  await page.goto("/account");
  await tabTo("sign_out");
  await enter();
  check((await context.cookies()).every(({ name }) => name !== "mcpcodex_session"), "keyboard: signed out");
  await context.close();
}

function focused() {
  const element = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  return {
    page: element === document.body,
    name: element.id || element.textContent.trim().slice(0, 40) || element.localName,
    ring: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
  };
}
