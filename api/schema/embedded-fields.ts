/** Fields that Go embeds from another struct, whose name stands in the paths of type errors: `spec.volumes.VolumeSource.hostPath`. */
interface Embedding {
  readonly struct: string;
  /** The embedded fields, or all but the named ones. */
  readonly fields?: readonly string[];
  readonly allBut?: readonly string[];
}

const nameOfReference: Embedding = { struct: 'LocalObjectReference', fields: ['name'] };
const opaqueConfiguration: Embedding = { struct: 'DeviceConfiguration', fields: ['opaque'] };
const rule = ['apiGroups', 'apiVersions', 'resources', 'scope'];

const embeddings: Readonly<Record<string, readonly Embedding[]>> = {
  ConfigMapEnvSource: [nameOfReference],
  ConfigMapKeySelector: [nameOfReference],
  ConfigMapProjection: [nameOfReference],
  ConfigMapVolumeSource: [nameOfReference],
  SecretEnvSource: [nameOfReference],
  SecretKeySelector: [nameOfReference],
  SecretProjection: [nameOfReference],
  DeviceAllocationConfiguration: [opaqueConfiguration],
  DeviceClaimConfiguration: [opaqueConfiguration],
  DeviceClassConfiguration: [opaqueConfiguration],
  EphemeralContainer: [{ struct: 'EphemeralContainerCommon', allBut: ['targetContainerName'] }],
  IngressRule: [{ struct: 'IngressRuleValue', fields: ['http'] }],
  NamedRuleWithOperations: [
    { struct: 'RuleWithOperations', fields: ['operations'] },
    { struct: 'RuleWithOperations.Rule', fields: rule },
  ],
  PersistentVolumeSpec: [
    {
      struct: 'PersistentVolumeSource',
      allBut: [
        'accessModes',
        'capacity',
        'claimRef',
        'mountOptions',
        'nodeAffinity',
        'persistentVolumeReclaimPolicy',
        'storageClassName',
        'volumeAttributesClassName',
        'volumeMode',
      ],
    },
  ],
  Probe: [{ struct: 'ProbeHandler', fields: ['exec', 'grpc', 'httpGet', 'tcpSocket'] }],
  RuleWithOperations: [{ struct: 'Rule', fields: rule }],
  Volume: [{ struct: 'VolumeSource', allBut: ['name'] }],
};

/** The field as type errors of Go's decoder spell it, with the embedded struct in front where there is one. */
export function goFieldName(struct: string, field: string): string {
  const found = embeddings[struct]?.find((e) => e.fields?.includes(field) ?? !e.allBut?.includes(field));
  return found === undefined ? field : `${found.struct}.${field}`;
}
