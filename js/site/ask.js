// What a page asks its reader: guesses, claims and exercises. Only pages that have some
// load it.
import { askClaims } from "./claims.js";
import { askExercises } from "./exercises.js";
import { askGuesses } from "./guesses.js";

askGuesses();
askClaims();
askExercises();
