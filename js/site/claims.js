// A claim's verdict is guessed before it shows.
import { element } from "../element.js";
import { guessed, noteGuess, whenMemoryChanges } from "./memory.js";
import { all } from "./page.js";

const VERDICTS = ["True", "False", "It depends"];
const MEMORY = "claims"; // one for all pages: the same claim stands on two

/** @param {HTMLElement} place */
function mount(place) {
  const [id] = /C\d\d/.exec(place.textContent ?? "") ?? [];
  const first = place.querySelector(".vg-verdict strong")?.textContent ?? "";
  const verdict = first.replace(/\.$/, "");
  if (!id || !VERDICTS.includes(verdict)) {
    place.classList.add("vg-told");
    return;
  }
  /** @type {(text: string, guess: string | null) => HTMLElement} */
  const button = (text, guess) => {
    const className = guess === null ? "vg-plain" : "vg-button";
    const made = element("button", { type: "button", className }, text);
    made.addEventListener("click", () => {
      noteGuess(MEMORY, id, guess);
      render(guess);
      says.focus();
    });
    return made;
  };
  const buttons = element(
    "div",
    {
      className: "vg-buttons",
      role: "group",
      "aria-label": `Claim ${id}: what do you say?`,
    },
    ...VERDICTS.map((text) => button(text, text)),
    button("Show me", null),
  );
  const says = element("p", { className: "vg-says", role: "status", tabIndex: -1 });
  place.querySelector(".vg-verdict")?.before(buttons, says);

  /** @param {import("./memory.js").Guess | null | undefined} guess */
  function render(guess = guessed(MEMORY, String(id))) {
    const told = guess !== undefined;
    place.classList.toggle("vg-told", told);
    place.dataset.verdict = verdict;
    buttons.hidden = told;
    says.hidden = !told || guess === null;
    says.textContent =
      guess === verdict ? "As you said." : `You said: ${String(guess).toLowerCase()}.`;
  }
  render();
  whenMemoryChanges(() => render());
}

export function askClaims() {
  all(".vg-claim").forEach(mount);
}
