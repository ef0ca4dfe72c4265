import { keepForOffline } from "./offline.js";

keepForOffline();
