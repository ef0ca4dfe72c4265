import { keepForOffline } from "./offline.js";
import { showProgress } from "./progress.js";

showProgress();
keepForOffline();
