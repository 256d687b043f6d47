// Says what a new password is worth while it is typed. The server judges it again when it is sent,
// so nothing depends on this file.
const field = document.getElementById("new_password");
const box = document.getElementById("strength");
if (field && box) {
  const [bars, said, unfit] = box.children;
  let asked = 0;
  let timer;

  const show = (judged) => {
    bars.dataset.score = judged.score;
    said.textContent = judged.said;
    unfit.replaceChildren(
      ...judged.unfit.map((sentence) => {
        const item = document.createElement("li");
        item.textContent = sentence;
        return item;
      }),
    );
    box.hidden = false;
  };

  const ask = async () => {
    const turn = ++asked;
    if (!field.value) {
      box.hidden = true;
      return;
    }
    const body = new URLSearchParams();
    for (const name of ["csrf", "username", "email", "name", "new_password"]) {
      const input = field.form.elements.namedItem(name);
      if (input) body.append(name, input.value);
    }
    try {
      const answer = await fetch(box.dataset.ask, { method: "POST", body });
      if (answer.ok && turn === asked) show(await answer.json());
    } catch {
      // Without an answer the rules below the field have to do.
    }
  };

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 250);
  });
}
