import { parseQuantity } from '../../../api/quantity.ts';
import { quantities } from './resource-requirements-list.ts';

/** Rounds quantities finer than a thousandth up to one: upstream keeps no finer ones in resource lists. */
export function defaultResourceList(resources: Record<string, string | number>): void {
  const list = quantities(resources);
  for (const name in list) {
    const text = list[name] ?? '';
    const last = text.charCodeAt(text.length - 1);
    if (last === 0x6e || last === 0x75) list[name] = parseQuantity(text).roundUp(-3).toString();
  }
}
