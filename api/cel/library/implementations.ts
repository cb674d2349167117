import type { Implementations } from '../runtime/functions.ts';
import { authorizerImplementations } from './authorizer.ts';
import { collectionsImplementations } from './collections.ts';
import { jsonPatchImplementations } from './json-patch.ts';
import { listsImplementations } from './lists.ts';
import { formatImplementations } from './named-format.ts';
import { networkImplementations } from './network.ts';
import { quantityImplementations } from './quantity.ts';
import { semverImplementations } from './semver.ts';
import { standardImplementations } from './standard.ts';
import { stringsImplementations } from './strings.ts';
import { timeImplementations } from './time.ts';
import { urlsImplementations } from './urls.ts';

/** Of every function that has no state: all but those of regular expressions, which remember patterns. */
export const implementations: Implementations = {
  ...standardImplementations,
  ...timeImplementations,
  ...stringsImplementations,
  ...listsImplementations,
  ...collectionsImplementations,
  ...urlsImplementations,
  ...networkImplementations,
  ...quantityImplementations,
  ...semverImplementations,
  ...formatImplementations,
  ...authorizerImplementations,
  ...jsonPatchImplementations,
};
