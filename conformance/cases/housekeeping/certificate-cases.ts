import { X509Certificate } from 'node:crypto';
import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';

/** Subjects O=dev, CN=jane and O=system:nodes, CN=system:node:conformance. */
const ofJane =
  'MIHXMH8CAQAwHTEMMAoGA1UECgwDZGV2MQ0wCwYDVQQDDARqYW5lMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE/Fe11AsWicrP2Su7Oj6ul3RfLGCY5uGlRlMyNHxzNran0BI8C5x8qlyyzNSlj3ychfpvCnDEnHT6x0Ouegr+fqAAMAoGCCqGSM49BAMCA0gAMEUCIQDL6Ym2+kYcEvuYd7kkSZ9Dnm1tEAo2ny+OTl3zPM0ZLgIgMi4FA60ReRKANLIa8/U6P9IYfNsKXXXKWIk9V/Tkve8=';
const ofNode =
  'MIHzMIGbAgEAMDkxFTATBgNVBAoMDHN5c3RlbTpub2RlczEgMB4GA1UEAwwXc3lzdGVtOm5vZGU6Y29uZm9ybWFuY2UwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATdr0Mv75la02uNCW+2jWxzTpA+CXGfCg29pUXFo8/hEDwgm75A45Ymc5Bkj9sPWOWMVIwYUDXp/N6Az6pUKE/ZoAAwCgYIKoZIzj0EAwIDRwAwRAIgaNmKI84D8xxZQ1bOi5BEtvkLg0oe2pt4CAEDv1cRJMMCIFJOq+GUXKiXjdNV9nbfZKW5eiIvCXvIYeExqyzwE0Dm';

const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const bindings = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';

interface Asked {
  readonly name: string;
  readonly text: string;
  readonly signer: string;
  readonly usages: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(c: CaseContext, { name, text, signer, usages, headers = {} }: Asked): Promise<string> {
  const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${text.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE REQUEST-----\n`;
  const spec = {
    request: Buffer.from(pem).toString('base64'),
    signerName: `kubernetes.io/${signer}`,
    usages,
    expirationSeconds: 3600,
  };
  const metadata = { name: `${c.rand}-${name}` };
  const body = { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata, spec };
  await c.post(requests, body, { headers });
  return `${requests}/${c.rand}-${name}`;
}

async function approve(c: CaseContext, path: string): Promise<void> {
  const { body } = await c.get(path, { unstable: true });
  const condition = { type: 'Approved', status: 'True', reason: 'Tested', message: 'by a case' };
  const approved = { ...(body as object), status: { conditions: [condition] } };
  await c.put(`${path}/approval`, approved, { unstable: true, status: [200, 409] });
}

async function certificateOf(c: CaseContext, path: string): Promise<X509Certificate> {
  let text = '';
  await c.eventually('a certificate', async () => {
    text = (await c.get(path, { unstable: true })).textAt('status.certificate');
    return text !== '';
  });
  return new X509Certificate(Buffer.from(text, 'base64'));
}

async function signs(c: CaseContext): Promise<void> {
  const usages = ['client auth', 'digital signature'];
  const path = await ask(c, { name: 'client', text: ofJane, signer: 'kube-apiserver-client', usages });
  await new Promise((resolve) => setTimeout(resolve, 200));
  await c.get(path, { unstable: true, has: { 'status.certificate': undefined } });
  await approve(c, path);
  const certificate = await certificateOf(c, path);
  c.equal(certificate.subject, 'O=dev\nCN=jane', 'the subject is as asked for');
  c.equal(certificate.ca, false, 'it is no CA');
  c.equal(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2'], 'client authentication');
  const lasts = certificate.validToDate.getTime() - certificate.validFromDate.getTime();
  c.equal(lasts, 3900_000, 'an hour, and five minutes before it');
}

async function refuses(c: CaseContext): Promise<void> {
  const usages = ['server auth', 'digital signature'];
  const path = await ask(c, { name: 'server', text: ofJane, signer: 'kubelet-serving', usages }).catch(() => '');
  // Admission may know better than to take it.
  if (path === '') return;
  await approve(c, path);
  await c.eventually('it failed', async () => {
    const { body } = await c.get(path, { unstable: true });
    const { status } = body as { status: { conditions?: { type: string; reason: string; message: string }[] } };
    return (
      status.conditions?.some(
        ({ type, reason, message }) =>
          type === 'Failed' &&
          reason === 'SignerValidationFailure' &&
          message === 'subject organization is not system:nodes',
      ) === true
    );
  });
}

async function approvesNodes(c: CaseContext): Promise<void> {
  const rbac = 'rbac.authorization.k8s.io';
  const role = 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient';
  const group = `conformance:${c.rand}`;
  await c.post(bindings, {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: `${c.rand}-own` },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: rbac, kind: 'Group', name: group }],
  });
  await c.post(`/apis/${rbac}/v1/clusterroles`, {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: { name: `${c.rand}-ask` },
    rules: [{ verbs: ['create'], apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests'] }],
  });
  await c.post(bindings, {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: `${c.rand}-ask` },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: `${c.rand}-ask` },
    subjects: [{ apiGroup: rbac, kind: 'Group', name: group }],
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  const path = await ask(c, {
    name: 'node',
    text: ofNode,
    signer: 'kube-apiserver-client-kubelet',
    usages: ['client auth', 'digital signature'],
    headers: { 'Impersonate-User': 'system:node:conformance', 'Impersonate-Group': group },
  });
  const certificate = await certificateOf(c, path);
  c.equal(certificate.subject, 'O=system:nodes\nCN=system:node:conformance', 'the subject is as asked for');
  const { body } = await c.get(path, { unstable: true });
  const { conditions } = (body as { status: { conditions: { type: string; reason: string; message: string }[] } })
    .status;
  c.equal(
    conditions.map(({ type, reason, message }) => [type, reason, message]),
    [['Approved', 'AutoApproved', 'Auto approving self kubelet client certificate after SubjectAccessReview.']],
    'it was approved by a controller',
  );
}

const needs = ['controllers'] as const;

export const certificateCases: readonly Case[] = [
  {
    id: 'housekeeping/certificates/an approved request is signed as asked for',
    proves: 'Certificates API [Privileged:ClusterAdmin] should support building a client with a CSR',
    needs,
    run: signs,
  },
  { id: 'housekeeping/certificates/a signer says why it refuses', needs, run: refuses },
  { id: 'housekeeping/certificates/a kubelet that may ask for itself is approved', needs, run: approvesNodes },
];
