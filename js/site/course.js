import { letSectionsArrive } from "./arrival.js";
import { markSection } from "./contents.js";
import { letExplorersCome } from "./explorers.js";
import { letFormulasScroll } from "./formulas.js";
import { explainTerms } from "./glossary.js";
import { keepForOffline } from "./offline.js";
import { showProgress } from "./progress.js";

letExplorersCome();
letSectionsArrive();
letFormulasScroll();
markSection();
explainTerms();
showProgress();
keepForOffline();
