import { test } from 'tap';
import type { KubeObject } from '../../../api/object.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import type { Attributes, Authorizer, ResourceAttributes } from '../authorizer.ts';
import { allowMasters, unionOf } from '../authorizers.ts';
import { createNodePods } from '../node/node-pods.ts';
import { checkEscalation } from './escalation.ts';
import { createRbacAuthorizer } from './rbac-authorizer.ts';
import { compactRules, missingRules, ruleAllows, ruleText } from './rules.ts';

type Objects = Record<string, KubeObject[]>;

const rbacGroup = 'rbac.authorization.k8s.io';

function readerOf(objects: Objects): ClusterReader & { reads: number } {
  const reader = {
    reads: 0,
    get: (resource: string, namespace: string, name: string) =>
      objects[resource]?.find(
        ({ metadata }) => metadata?.name === name && (metadata.namespace ?? '') === namespace,
      ) as never,
    list: (resource: string, namespace?: string) => {
      reader.reads++;
      return (objects[resource] ?? []).filter(
        ({ metadata }) => namespace === undefined || metadata?.namespace === namespace,
      ) as never;
    },
  };
  return reader;
}

const jane = { username: 'jane', groups: ['devs', 'system:authenticated'] };

function asked(changes: Partial<ResourceAttributes> = {}): ResourceAttributes {
  return {
    isResource: true,
    user: jane,
    verb: 'get',
    group: '',
    version: 'v1',
    resource: 'pods',
    subresource: '',
    namespace: 'ns',
    name: 'p',
    ...changes,
  };
}

function role(name: string, rules: object[], namespace?: string): KubeObject {
  return { metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, rules } as KubeObject;
}

function binding(name: string, kind: string, ref: string, subjects: object[], namespace?: string): KubeObject {
  return {
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    roleRef: { kind, name: ref },
    subjects,
  } as KubeObject;
}

const readPods = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', '*/status'] };

test('rules allow by verb, group, resource, subresource, name and path', async (t) => {
  t.ok(ruleAllows(readPods, asked()));
  t.ok(ruleAllows(readPods, asked({ resource: 'nodes', subresource: 'status' })));
  t.notOk(ruleAllows(readPods, asked({ subresource: 'log' })));
  t.notOk(ruleAllows(readPods, asked({ group: 'apps' })));
  t.notOk(ruleAllows(readPods, asked({ verb: 'watch' })));
  t.ok(ruleAllows({ verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: ['p'] }, asked()));
  t.notOk(ruleAllows({ ...readPods, resourceNames: ['q'] }, asked()));
  const path = (text: string): Attributes => ({ isResource: false, user: jane, verb: 'get', path: text });
  t.ok(ruleAllows({ verbs: ['get'], nonResourceURLs: ['/apis/*'] }, path('/apis/apps')));
  t.notOk(ruleAllows({ verbs: ['get'], nonResourceURLs: ['/apis/*'] }, path('/apis')));
  t.notOk(ruleAllows({ verbs: ['get'], nonResourceURLs: ['*'] }, asked()));
});

test('what is missing is told in compact rules', async (t) => {
  const owned = [readPods, { verbs: ['get'], nonResourceURLs: ['/metrics/*'] }];
  const wanted = [
    { verbs: ['get', 'delete', 'watch'], apiGroups: ['', 'apps'], resources: ['pods', 'nodes/status'] },
    { verbs: ['get'], nonResourceURLs: ['/metrics/a', '/metrics'] },
  ];
  t.same(compactRules(missingRules(owned, wanted)).map(ruleText), [
    '{NonResourceURLs:["/metrics"], Verbs:["get"]}',
    '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "watch"]}',
    '{APIGroups:[""], Resources:["nodes/status"], Verbs:["delete" "watch"]}',
    '{APIGroups:["apps"], Resources:["pods"], Verbs:["get" "delete" "watch"]}',
    '{APIGroups:["apps"], Resources:["nodes/status"], Verbs:["get" "delete" "watch"]}',
  ]);
});

function objectsOf(): Objects {
  return {
    [`clusterroles.${rbacGroup}`]: [role('reader', [readPods])],
    [`clusterrolebindings.${rbacGroup}`]: [
      binding('broken', 'ClusterRole', 'none', [{ kind: 'User', name: 'jane' }]),
      binding('nodes', 'ClusterRole', 'reader', [{ kind: 'Group', name: 'ops' }]),
    ],
    [`roles.${rbacGroup}`]: [role('one', [{ ...readPods, resourceNames: ['p'] }], 'ns')],
    [`rolebindings.${rbacGroup}`]: [
      binding(
        'b',
        'Role',
        'one',
        [
          { kind: 'Group', name: 'x' },
          { kind: 'Group', name: 'devs' },
        ],
        'ns',
      ),
      binding('sa', 'ClusterRole', 'reader', [{ kind: 'ServiceAccount', name: 'robot' }], 'ns'),
    ],
  };
}

test('bindings grant by user, group and service account, and say so', async (t) => {
  const rbac = createRbacAuthorizer(readerOf(objectsOf()));
  t.same(rbac.authorize(asked()), {
    decision: 'allow',
    reason: 'RBAC: allowed by RoleBinding "b/ns" of Role "one" to Group "devs"',
  });
  const missing = `RBAC: clusterrole.${rbacGroup} "none" not found`;
  t.same(rbac.authorize(asked({ name: 'q' })), { decision: 'noOpinion', reason: missing });
  t.same(rbac.authorize(asked({ namespace: 'other' })), { decision: 'noOpinion', reason: missing });
  const robot = { username: 'system:serviceaccount:ns:robot', groups: [] };
  t.match(rbac.authorize(asked({ user: robot, name: 'any' })), {
    decision: 'allow',
    reason: 'RBAC: allowed by RoleBinding "sa/ns" of ClusterRole "reader" to ServiceAccount "robot/ns"',
  });
  t.match(rbac.authorize(asked({ user: robot, namespace: 'other' })), { decision: 'noOpinion', reason: '' });
  const ops = { username: 'x', groups: ['ops'] };
  t.match(rbac.authorize(asked({ user: ops, namespace: '', resource: 'nodes', subresource: 'status' })), {
    reason: 'RBAC: allowed by ClusterRoleBinding "nodes" of ClusterRole "reader" to Group "ops"',
  });
  t.match(rbac.rulesFor(jane, 'ns'), {
    resourceRules: [{ resourceNames: ['p'] }],
    incomplete: false,
    error: `clusterrole.${rbacGroup} "none" not found`,
  });
});

test('answers are remembered until a role or binding changes', async (t) => {
  const objects = objectsOf();
  const reader = readerOf(objects);
  const rbac = createRbacAuthorizer(reader);
  t.equal(rbac.authorize(asked({ name: 'q' })).decision, 'noOpinion');
  const reads = reader.reads;
  for (let i = 0; i < 10; i++) rbac.authorize(asked({ name: `q${i}`, user: { ...jane } }));
  t.equal(reader.reads, reads);
  objects[`roles.${rbacGroup}`] = [role('one', [readPods], 'ns')];
  rbac.changed('ns');
  t.equal(rbac.authorize(asked({ name: 'q' })).decision, 'allow');
  objects[`clusterroles.${rbacGroup}`] = [role('none', [readPods])];
  rbac.changed('');
  t.match(rbac.authorize(asked({ namespace: 'other' })), { reason: /ClusterRoleBinding "broken"/ });
});

test('nobody grants what they do not have', async (t) => {
  const rbac = createRbacAuthorizer(readerOf(objectsOf()));
  const authorizer: Authorizer = unionOf([allowMasters, rbac]);
  const write = (rules: object[], changes: object = {}) =>
    checkEscalation(
      { rbac, authorizer },
      {
        resource: 'roles',
        user: jane,
        namespace: 'ns',
        name: 'r',
        object: role('r', rules, 'ns'),
        old: undefined,
        ...changes,
      },
    );
  await t.resolves(write([{ ...readPods, resourceNames: ['p'] }]));
  await t.resolves(write([{ verbs: ['*'] }], { user: { username: 'x', groups: ['system:masters'] } }));
  await t.rejects(write([{ verbs: ['get'], apiGroups: [''], resources: ['nodes'] }]), {
    reason: 'Forbidden',
    message: `roles.${rbacGroup} "r" is forbidden: user "jane" (groups=["devs" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}; resolution errors: [clusterrole.${rbacGroup} "none" not found]`,
  });
  const old = role('r', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], 'ns');
  const object = { ...old, metadata: { ...old.metadata, finalizers: ['x/y'] } };
  await t.resolves(write([], { object, old }), 'finalizers are the collector’s');
});

test('the first opinion counts, reasons of the others are joined', async (t) => {
  const says = (decision: 'allow' | 'deny' | 'noOpinion', reason: string, late = false): Authorizer => ({
    authorize: () => (late ? Promise.resolve({ decision, reason }) : { decision, reason }),
    rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: reason === 'b', error: reason }),
  });
  const decide = (...all: Authorizer[]) => unionOf(all).authorize(asked());
  t.same(decide(says('noOpinion', 'a'), says('noOpinion', '')), { decision: 'noOpinion', reason: 'a' });
  t.same(decide(says('noOpinion', 'a'), says('deny', 'b'), says('allow', 'c')), { decision: 'deny', reason: 'b' });
  const joined = { decision: 'noOpinion', reason: 'a\nb\nc' };
  t.same(await decide(says('noOpinion', 'a'), says('noOpinion', 'b', true), says('noOpinion', 'c')), joined);
  const union = unionOf([says('noOpinion', 'a'), says('noOpinion', 'b'), says('noOpinion', 'a')]);
  t.match(await union.rulesFor(jane, 'ns'), { incomplete: true, error: '[a, b]' });
});

test('what pods refer to is known by node, and forgotten with them', async (t) => {
  const pod = (name: string, nodeName: string, secret: string, annotations = {}) =>
    ({
      metadata: { name, namespace: 'ns', annotations },
      spec: { nodeName, containers: [], volumes: [{ name: 'v', secret: { secretName: secret } }] },
    }) as never;
  const pods = createNodePods([pod('a', 'n1', 's'), pod('b', 'n1', 's'), pod('c', '', 'waiting')]);
  t.ok(pods.refer('n1', 'ns/secrets/s'));
  t.notOk(pods.refer('n2', 'ns/secrets/s'));
  pods.remove('ns', 'a');
  t.ok(pods.refer('n1', 'ns/secrets/s'), 'another pod has it');
  pods.put(pod('b', 'n1', 'other'));
  t.notOk(pods.refer('n1', 'ns/secrets/s'));
  pods.put(pod('c', 'n2', 'waiting'));
  t.ok(pods.refer('n2', 'ns/secrets/waiting'), 'once it is bound');
  pods.put(pod('m', 'n2', 'stolen', { 'kubernetes.io/config.mirror': 'x' }));
  t.notOk(pods.refer('n2', 'ns/secrets/stolen'), 'mirror pods prove nothing');
});
