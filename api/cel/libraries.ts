import type { Library } from './declarations.ts';
import {
  extendedListsLibrary,
  optionalLibrary,
  setsLibrary,
  stringsLibrary,
  twoVarComprehensionsLibrary,
} from './extension-functions.ts';
import {
  authzLibrary,
  authzSelectorsLibrary,
  cidrLibrary,
  formatLibrary,
  ipLibrary,
  listsLibrary,
  quantityLibrary,
  regexLibrary,
  semverLibrary,
  urlsLibrary,
} from './kubernetes-functions.ts';
import { bindingMacros, listMacros, type Macro, optionalMacros, standardMacros } from './parser/macros.ts';
import { twoVariableMacros } from './parser/two-variable-macros.ts';
import { standardLibrary } from './standard-functions.ts';

/** What every expression of Kubernetes 1.36 may call. */
export const baseLibraries: readonly Library[] = [
  standardLibrary,
  urlsLibrary,
  regexLibrary,
  listsLibrary,
  authzLibrary,
  authzSelectorsLibrary,
  optionalLibrary,
  quantityLibrary,
  stringsLibrary,
  setsLibrary,
  ipLibrary,
  cidrLibrary,
  formatLibrary,
  twoVarComprehensionsLibrary,
  semverLibrary,
  extendedListsLibrary,
];

/** cel.bind: has a macro only. */
export const bindingsLibrary: Library = { name: 'cel.lib.ext.cel.bindings', functions: {} };

const macros: Readonly<Record<string, readonly (readonly [string, Macro])[]>> = {
  'cel.lib.std': standardMacros,
  'cel.lib.optional': optionalMacros,
  'cel.lib.ext.comprev2': twoVariableMacros,
  'cel.lib.ext.lists': listMacros,
  'cel.lib.ext.cel.bindings': bindingMacros,
};

export function macrosOf(library: Library): readonly (readonly [string, Macro])[] {
  return macros[library.name] ?? [];
}
