import type { Clock } from '../../api/clock.ts';
import { apiVersionOf, type ObjectMeta } from '../../api/object.ts';
import type { Status } from '../../api/status.ts';
import type { ServedResource } from '../registry/resource.ts';
import type { SelectedEvent } from '../watch/watch-feed.ts';
import type { StreamSink } from './message.ts';
import { type Rendering, renderForWatch, tableOf } from './render.ts';

// A watcher that lags by more than this has its stream ended; it resumes from its last revision.
const maxPendingFrames = 8192;
const maxPendingBytes = 16 * 1024 * 1024;

/** What is handed to a socket at a time: it keeps a copy until the client has taken it. */
const maxBatchBytes = 64 * 1024;

const frameEnd = Buffer.from('}\n');

export interface WatchStreamOptions {
  readonly served: ServedResource;
  readonly rendering: Rendering;
  readonly clock: Clock;
  readonly revision: () => number;
}

/** One watch on the wire: frames go out at once while the client keeps up, wait in a bounded queue while it does not. */
export class WatchStream {
  readonly #options: WatchStreamOptions;
  readonly #formKey: string;
  #sink: StreamSink | undefined;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** Of what is pending, what was so before there was anybody to be slow: initial events may be many. */
  #initialFrames = 0;
  #initialBytes = 0;
  #writable = true;
  #ended = false;
  #headerSent = false;
  /** Called once, whoever ended it. */
  onEnd: () => void = () => undefined;

  constructor(options: WatchStreamOptions) {
    this.#options = options;
    const { form, includeObject } = options.rendering;
    this.#formKey = `${apiVersionOf(options.served.definition)} ${form.as} ${form.metaVersion} ${includeObject}`;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Frames sent before this are kept. */
  attach(sink: StreamSink): void {
    this.#sink = sink;
    this.#initialFrames = this.#pending.length;
    this.#initialBytes = this.#pendingBytes;
    sink.onDrain(() => this.#flush());
    this.#flush();
    if (this.#ended) sink.end();
  }

  event(selected: SelectedEvent): void {
    if (!this.#ended) this.#send(this.#frameOf(selected));
  }

  bookmark(revision: number, annotations?: Readonly<Record<string, string>>): void {
    const metadata = { resourceVersion: String(revision), ...(annotations === undefined ? {} : { annotations }) };
    const object = this.#bookmarkObject(metadata);
    if (!this.#ended) this.#send(Buffer.from(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`));
  }

  #bookmarkObject(metadata: ObjectMeta): unknown {
    const { served, rendering } = this.#options;
    const { form } = rendering;
    if (form.as === 'object')
      return { kind: served.definition.kind, apiVersion: apiVersionOf(served.definition), metadata };
    if (form.as !== 'table')
      return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${form.metaVersion}`, metadata };
    const table = tableOf(
      served,
      [{ metadata }],
      { resourceVersion: metadata.resourceVersion },
      rendering,
      false,
    ) as object;
    return { ...table, columnDefinitions: null };
  }

  error(status: Status): void {
    if (this.#ended) return;
    this.#send(Buffer.from(`${JSON.stringify({ type: 'ERROR', object: status })}\n`));
    this.end();
  }

  end(): void {
    this.#finish((sink) => sink.end());
  }

  #finish(close: (sink: StreamSink) => void): void {
    if (this.#ended) return;
    this.#ended = true;
    // What was said before the head went out is still to be sent.
    if (this.#sink !== undefined) this.#pending = [];
    if (this.#sink !== undefined) close(this.#sink);
    this.onEnd();
  }

  #frameOf(selected: SelectedEvent): Uint8Array {
    const { served, rendering } = this.#options;
    const isTable = rendering.form.as === 'table';
    const withHeader = isTable && !this.#headerSent;
    this.#headerSent = true;
    // Ages in table cells change with the clock: such frames are not shared.
    const key = isTable ? undefined : `${selected.type} ${selected.stale} ${this.#formKey}`;
    const { event } = selected;
    const known = key === undefined ? undefined : event.frames?.get(key);
    if (known !== undefined) return known;
    const tableRendering = isTable ? { ...rendering, now: this.#options.clock.now() } : rendering;
    const object = renderForWatch(served, selected.entry, tableRendering, {
      withHeader,
      ...(selected.stale ? { revision: event.revision } : {}),
    });
    const frame = Buffer.concat([Buffer.from(`{"type":"${selected.type}","object":`), object, frameEnd]);
    if (key !== undefined) {
      event.frames ??= new Map();
      event.frames.set(key, frame);
    }
    return frame;
  }

  #send(frame: Uint8Array): void {
    if (this.#sink !== undefined && this.#writable && this.#pending.length === 0) {
      this.#writable = this.#sink.write(frame);
      return;
    }
    this.#pending.push(frame);
    this.#pendingBytes += frame.length;
    if (this.#sink === undefined) return;
    const frames = this.#pending.length - this.#initialFrames;
    const bytes = this.#pendingBytes - this.#initialBytes;
    if (frames > maxPendingFrames || bytes > maxPendingBytes) this.#finish((sink) => sink.cut());
  }

  #takeBatch(): Uint8Array[] {
    let count = 0;
    let bytes = 0;
    for (; count < this.#pending.length && bytes < maxBatchBytes; count++) bytes += this.#pending[count]?.length ?? 0;
    this.#pendingBytes -= bytes;
    this.#initialFrames = Math.max(this.#initialFrames - count, 0);
    this.#initialBytes = Math.max(this.#initialBytes - bytes, 0);
    return this.#pending.splice(0, count);
  }

  #flush(): void {
    this.#writable = true;
    while (this.#pending.length > 0 && this.#writable && this.#sink !== undefined) {
      const batch = this.#takeBatch();
      this.#writable = this.#sink.write(batch.length === 1 ? (batch[0] as Uint8Array) : Buffer.concat(batch));
    }
  }
}
