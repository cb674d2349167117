import type { FuzzKind } from './kinds.ts';
import { condition, metadata, number } from './parts.ts';
import { leaf, list, map, object } from './shapes.ts';

export const group = 'fuzz.example.com';

const part = object(
  {
    name: leaf('a', 'b', 'c'),
    kind: leaf('x', 'y'),
    value: leaf(1, 2),
    tags: list(leaf('t', 'u', 'v')),
    ports: list(object({ port: number, note: leaf('n', 'm') }, ['port']), ['port'], 2),
  },
  ['name'],
);

export const customKind: FuzzKind = {
  apiVersions: [`${group}/v1`, `${group}/v1`, `${group}/v2`],
  kind: 'Thing',
  plural: 'things',
  hasStatus: true,
  hasScale: true,
  hasStrategicPatch: false,
  shape: object(
    {
      metadata,
      spec: object({
        replicas: number,
        parts: list(part, ['name', 'kind']),
        set: list(leaf('a', 'b', 'c')),
        numbers: list(number),
        atomicList: list(object({ a: number, b: number })),
        plain: list(leaf('p', 'q')),
        granular: object({ x: number, y: number, deep: object({ z: number, w: leaf('1', '2') }) }),
        atomic: object({ x: number, y: number }),
        labels: map(['a', 'b', 'c'], leaf('1', '2')),
        atomicMap: map(['a', 'b'], leaf('1', '2')),
        open: object({ any: leaf(1, 'x', [1, 2], { a: 1 }, { a: { b: 2 } }, null), other: leaf(true) }),
        size: leaf(1, '1', '50%'),
        maybe: leaf(null, 'x', 'y'),
        defaulted: object({ a: leaf('set'), b: leaf(5) }),
        embedded: object(
          {
            apiVersion: leaf('v1'),
            kind: leaf('Foo'),
            metadata: object({ name: leaf('e', 'f'), labels: map(['l'], leaf('1')) }),
            spec: leaf({ a: 1 }, { b: 2 }),
          },
          ['apiVersion', 'kind'],
        ),
        mode: leaf('Fast', 'Slow', 'Slow', 'Odd'),
      }),
    },
    ['spec'],
  ),
  status: object(
    { replicas: number, selector: leaf('a=b'), phase: leaf('Up', 'Down'), conditions: condition(['Ready', 'Synced']) },
    ['replicas'],
  ),
};

/** All list and map types, defaults, open values and two versions that differ in nothing. */
export function customDefinition(): object {
  const integer = { type: 'integer' };
  const text = { type: 'string' };
  const texts = { type: 'array', items: text };
  const spec = {
    type: 'object',
    properties: {
      replicas: { type: 'integer', default: 1, maximum: 5 },
      parts: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name', 'kind'],
        items: {
          type: 'object',
          required: ['name'],
          properties: {
            name: text,
            kind: { type: 'string', default: 'x' },
            value: integer,
            tags: { ...texts, 'x-kubernetes-list-type': 'set' },
            ports: {
              type: 'array',
              'x-kubernetes-list-type': 'map',
              'x-kubernetes-list-map-keys': ['port'],
              items: { type: 'object', required: ['port'], properties: { port: integer, note: text } },
            },
          },
        },
      },
      set: { ...texts, 'x-kubernetes-list-type': 'set' },
      numbers: { type: 'array', items: integer, 'x-kubernetes-list-type': 'set' },
      atomicList: {
        type: 'array',
        'x-kubernetes-list-type': 'atomic',
        items: { type: 'object', properties: { a: integer, b: integer } },
      },
      plain: texts,
      granular: {
        type: 'object',
        properties: {
          x: integer,
          y: { type: 'integer', default: 9 },
          deep: { type: 'object', 'x-kubernetes-map-type': 'granular', properties: { z: integer, w: text } },
        },
      },
      atomic: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { x: integer, y: integer } },
      labels: { type: 'object', additionalProperties: text },
      atomicMap: { type: 'object', 'x-kubernetes-map-type': 'atomic', additionalProperties: text },
      open: {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        properties: { other: { type: 'boolean' } },
      },
      size: { 'x-kubernetes-int-or-string': true },
      maybe: { type: 'string', nullable: true },
      defaulted: {
        type: 'object',
        default: { a: 'given' },
        properties: { a: text, b: { type: 'integer', default: 4 } },
      },
      embedded: {
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        'x-kubernetes-preserve-unknown-fields': true,
      },
      mode: { type: 'string', enum: ['Fast', 'Slow'], default: 'Fast' },
    },
  };
  const status = {
    type: 'object',
    properties: {
      replicas: integer,
      selector: text,
      phase: text,
      conditions: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
        items: {
          type: 'object',
          required: ['type', 'status'],
          properties: {
            type: text,
            status: text,
            reason: text,
            message: text,
            lastTransitionTime: { type: 'string', format: 'date-time' },
          },
        },
      },
    },
  };
  const version = (name: string, storage: boolean) => ({
    name,
    served: true,
    storage,
    schema: { openAPIV3Schema: { type: 'object', properties: { spec, status } } },
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath: '.status.selector',
      },
    },
  });
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `things.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
      versions: [version('v1', true), version('v2', false)],
    },
  };
}
