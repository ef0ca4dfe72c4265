import { letFormulasScroll } from "./formulas.js";
import { keepForOffline } from "./offline.js";
import { showProgress } from "./progress.js";

letFormulasScroll();
showProgress();
keepForOffline();
