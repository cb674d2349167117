import type { KubeObject } from '../../api/object.ts';
import type { Revision } from '../storage/store.ts';
import { metaOf } from './object-meta.ts';
import { encodeObject, type StoredResource } from './resource.ts';
import type { Row } from './stored-form.ts';

export type EncodeAt = (revision: Revision) => Uint8Array;

/** Encodes an object for the store, with the revision of its write. Built-in resources are ready at once. */
export function encoderFor(stored: StoredResource, object: KubeObject): EncodeAt | Promise<EncodeAt> {
  const encoder =
    (form: KubeObject): EncodeAt =>
    (revision) => {
      const resourceVersion = String(revision);
      metaOf(object).resourceVersion = resourceVersion;
      metaOf(form).resourceVersion = resourceVersion;
      return encodeObject(stored, form);
    };
  const form = stored.form?.toStored(object);
  if (form === undefined) return encoder(object);
  return form instanceof Promise ? form.then(encoder) : encoder(form);
}

/** What was stored, as the cache will show it. */
export async function presented(stored: StoredResource, row: Row): Promise<Uint8Array> {
  if (stored.form === undefined) return row.value;
  const [shown] = await stored.form.present([row]);
  return shown?.value ?? row.value;
}
