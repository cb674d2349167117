import { createHash } from 'node:crypto';
import type { Document, Schema } from '../../api/openapi.ts';
import type { ServedGroupVersion } from '../../api/served.ts';
import type { ExtraDocument } from '../http/openapi.ts';
import { type CustomResourceShape, customResourceDocument } from '../http/openapi-crd.ts';
import { reducedTemplate } from '../http/openapi-template.ts';
import { type CustomResourceDefinition, schemaOf } from '../resources/apiextensions/definition-types.ts';
import { catalogEntry } from './custom-resource.ts';
import type { DefinedVersion, Definition } from './definition.ts';

const terminatingVerbs = ['delete', 'deletecollection', 'get', 'list', 'watch'];

/** What is kept of documents that were asked for. */
const maxRememberedBytes = 4 * 1024 * 1024;

interface Member {
  readonly definition: Definition;
  readonly version: DefinedVersion;
}

export interface CustomDocuments {
  /** Established definitions; the same arrays as long as nothing changes. */
  groupVersions(): readonly ServedGroupVersion[];
  openApi(): readonly ExtraDocument[];
  /** A definition came, went or changed. */
  changed(before: Definition | undefined, after: Definition | undefined): void;
}

export interface CustomDocumentsDeps {
  load(name: string): Readonly<CustomResourceDefinition>;
  /** The document of apps/v1. */
  readTemplate(): Promise<Document>;
}

function storageVersionHash({ group, storageVersion, kind }: Definition): string {
  const digest = createHash('sha256').update(`${group}/${storageVersion}/${kind}`).digest();
  return digest.subarray(0, 8).toString('base64');
}

function shown({ definition, version }: Member) {
  const entry = catalogEntry(definition, version);
  const isStored = definition.versions.some(({ name, served }) => served && name === definition.storageVersion);
  return {
    ...entry,
    ...(definition.isTerminating ? { verbs: terminatingVerbs } : {}),
    ...(isStored ? { storageVersionHash: storageVersionHash(definition) } : {}),
  };
}

/** Discovery and OpenAPI of custom resources, a group-version at a time, each made anew only after one of its own has changed. */
export function createCustomDocuments(deps: CustomDocumentsDeps): CustomDocuments {
  const members = new Map<string, Map<string, Member>>();
  const served = new Map<string, ServedGroupVersion>();
  const documents = new Map<string, ExtraDocument>();
  let allServed: readonly ServedGroupVersion[] | undefined;
  let allDocuments: readonly ExtraDocument[] | undefined;
  let template: Promise<Document> | undefined;
  const remembered = new Map<string, Uint8Array>();
  let rememberedBytes = 0;

  const forget = (path: string): void => {
    rememberedBytes -= remembered.get(path)?.length ?? 0;
    remembered.delete(path);
  };
  const remember = (path: string, bytes: Uint8Array): void => {
    remembered.set(path, bytes);
    rememberedBytes += bytes.length;
    for (const oldest of remembered.keys()) {
      if (rememberedBytes <= maxRememberedBytes) break;
      forget(oldest);
    }
  };
  const touch = (gv: string): void => {
    served.delete(gv);
    documents.delete(gv);
    forget(`apis/${gv}`);
    allServed = undefined;
    allDocuments = undefined;
  };
  const sorted = (gv: string): Member[] => {
    const list = [...(members.get(gv)?.values() ?? [])];
    return list.sort((a, b) => (a.definition.plural < b.definition.plural ? -1 : 1));
  };
  const servedOf = (gv: string): ServedGroupVersion => {
    const known = served.get(gv);
    if (known !== undefined) return known;
    const [group = '', version = ''] = gv.split('/');
    const made = { group, version, resources: sorted(gv).map(shown) };
    served.set(gv, made);
    return made;
  };
  const shapeOf = ({ definition, version }: Member): CustomResourceShape => {
    const source = deps.load(definition.name).spec?.versions?.find(({ name }) => name === version.name);
    const fields = (source?.selectableFields ?? []).map(({ jsonPath = '' }) => jsonPath.replace(/^\./, ''));
    const schema = source === undefined ? undefined : (schemaOf(source) as Schema | undefined);
    return {
      group: definition.group,
      version: version.name,
      plural: definition.plural,
      kind: definition.kind,
      listKind: definition.listKind,
      namespaced: definition.namespaced,
      status: version.status,
      scale: version.scale !== undefined,
      ...(fields.length === 0 ? {} : { selectableFields: fields }),
      ...(schema === undefined ? {} : { schema }),
    };
  };
  const documentOf = (gv: string): ExtraDocument => {
    const known = documents.get(gv);
    if (known !== undefined) return known;
    const path = `apis/${gv}`;
    const hash = createHash('sha512').update(gv);
    for (const { definition } of sorted(gv)) {
      const { uid, generation, kind, listKind, singular } = definition;
      hash.update(`\n${uid} ${generation} ${kind} ${listKind} ${singular}`);
    }
    const made: ExtraDocument = {
      path,
      hash: hash.digest('hex').toUpperCase(),
      read: async () => {
        const kept = remembered.get(path);
        if (kept !== undefined) return kept;
        template ??= deps.readTemplate().then(reducedTemplate);
        const document = customResourceDocument(sorted(gv).map(shapeOf), await template);
        const bytes = Buffer.from(JSON.stringify(document));
        if (documents.get(gv) === made) remember(path, bytes);
        return bytes;
      },
    };
    documents.set(gv, made);
    return made;
  };
  const remove = ({ group, name, versions }: Definition): void => {
    for (const version of versions) {
      const gv = `${group}/${version.name}`;
      const own = members.get(gv);
      if (own?.delete(name) !== true) continue;
      if (own.size === 0) members.delete(gv);
      touch(gv);
    }
  };
  return {
    groupVersions() {
      allServed ??= [...members.keys()].map(servedOf);
      return allServed;
    },
    openApi() {
      allDocuments ??= [...members.keys()].map(documentOf);
      return allDocuments;
    },
    changed(before, after) {
      if (before !== undefined) remove(before);
      if (after?.isEstablished !== true) return;
      for (const version of after.versions) {
        if (!version.served) continue;
        const gv = `${after.group}/${version.name}`;
        const own = members.get(gv) ?? new Map<string, Member>();
        own.set(after.name, { definition: after, version });
        members.set(gv, own);
        touch(gv);
      }
    },
  };
}
