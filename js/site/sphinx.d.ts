// What Sphinx's own scripts, and the texts that the build saves, bring to the search page.

type Section = [title: string, anchor: string, text: string];

interface Page {
  title: string;
  address: string;
  sections: Section[];
}

declare const searchTexts: {
  pages: Page[];
  synonyms: Record<string, string[]>;
  near: Record<string, string[]>;
  silent: string[];
  symptoms: string;
  lists: string;
};
declare const stopwords: string[];
declare const Search: { performSearch: (query: string) => void };
declare class Stemmer {
  stemWord(word: string): string;
}
