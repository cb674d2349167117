import type { Container, Pod } from '../../../kubelet/pod-runtime.ts';
import { globOf } from '../glob.ts';
import type { Image } from '../image.ts';
import type { ImageEntry } from './entry.ts';
import { imageOfEntry } from './entry-image.ts';

/** On a pod: a table for its own containers. */
export const programsAnnotation = 'kubefacade.dev/programs';

/** Users' descriptions of images, from several sources at once; those of a pod itself come first, then by name of source. */
export class ImageTable {
  readonly #sources = new Map<string, readonly ImageEntry[]>();
  readonly #images = new WeakMap<ImageEntry, Image>();
  /** Parsed once, by the annotation's text. */
  #last: { readonly text: string; readonly entries: readonly ImageEntry[] } = { text: '', entries: [] };

  /** Takes the place of what the source said before. */
  set(source: string, entries: readonly ImageEntry[]): void {
    if (entries.length === 0) this.#sources.delete(source);
    else this.#sources.set(source, entries);
  }

  async entryFor(container: Container, pod: Readonly<Pod>): Promise<ImageEntry | undefined> {
    const own = (await this.#entriesOf(pod)).find((entry) => isFor(entry, container));
    if (own !== undefined || this.#sources.size === 0) return own;
    const names = [...this.#sources.keys()].toSorted();
    return names.flatMap((name) => this.#sources.get(name) ?? []).find((entry) => isFor(entry, container));
  }

  imageOf(entry: ImageEntry): Image {
    const image = this.#images.get(entry) ?? imageOfEntry(entry);
    this.#images.set(entry, image);
    return image;
  }

  async #entriesOf({ metadata }: Readonly<Pod>): Promise<readonly ImageEntry[]> {
    const text = metadata?.annotations?.[programsAnnotation];
    if (text === undefined) return [];
    if (this.#last.text !== text) this.#last = { text, entries: await readOrComplain(text) };
    return this.#last.entries;
  }
}

/** A description that cannot be read is an image that cannot be pulled, with what is wrong as the reason. */
async function readOrComplain(text: string): Promise<readonly ImageEntry[]> {
  const { readTable } = await import('./read-table.ts');
  const { TableError } = await import('./fields.ts');
  try {
    return readTable(text, programsAnnotation);
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    const [entry] = readTable('images: [{}]', programsAnnotation);
    return entry === undefined ? [] : [{ ...entry, pull: { delayMs: 0, error: error.message } }];
  }
}

function isFor(entry: ImageEntry, { name = '', image = '', command = [], args = [] }: Container): boolean {
  if (entry.container !== undefined && !globOf(entry.container).test(name)) return false;
  if (entry.command !== undefined && !globOf(entry.command).test([...command, ...args].join(' '))) return false;
  return entry.images.length === 0 || entry.images.some((glob) => globOf(glob).test(image));
}
