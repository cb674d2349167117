import type { Library } from './declarations.ts';

export const urlsLibrary: Library = {
  name: 'kubernetes.urls',
  functions: {
    getEscapedPath: ['url_get_escaped_path URL.() string'],
    getHost: ['url_get_host URL.() string'],
    getHostname: ['url_get_hostname URL.() string'],
    getPort: ['url_get_port URL.() string'],
    getQuery: ['url_get_query URL.() map(string, list(string))'],
    getScheme: ['url_get_scheme URL.() string'],
    isURL: ['is_url_string (string) bool'],
    url: ['string_to_url (string) URL'],
  },
};

export const regexLibrary: Library = {
  name: 'kubernetes.regex',
  functions: {
    find: ['string_find_string string.(string) string'],
    findAll: [
      'string_find_all_string string.(string) list(string)',
      'string_find_all_string_int string.(string, int) list(string)',
    ],
  },
};

export const listsLibrary: Library = {
  name: 'kubernetes.lists',
  functions: {
    indexOf: ['list_a_index_of_int list(A).(A) int'],
    isSorted: [
      'list_int_is_sorted_bool list(int).() bool',
      'list_uint_is_sorted_bool list(uint).() bool',
      'list_double_is_sorted_bool list(double).() bool',
      'list_bool_is_sorted_bool list(bool).() bool',
      'list_duration_is_sorted_bool list(duration).() bool',
      'list_timestamp_is_sorted_bool list(timestamp).() bool',
      'list_string_is_sorted_bool list(string).() bool',
      'list_bytes_is_sorted_bool list(bytes).() bool',
    ],
    lastIndexOf: ['list_a_last_index_of_int list(A).(A) int'],
    max: [
      'list_int_max_int list(int).() int',
      'list_uint_max_uint list(uint).() uint',
      'list_double_max_double list(double).() double',
      'list_bool_max_bool list(bool).() bool',
      'list_duration_max_duration list(duration).() duration',
      'list_timestamp_max_timestamp list(timestamp).() timestamp',
      'list_string_max_string list(string).() string',
      'list_bytes_max_bytes list(bytes).() bytes',
    ],
    min: [
      'list_int_min_int list(int).() int',
      'list_uint_min_uint list(uint).() uint',
      'list_double_min_double list(double).() double',
      'list_bool_min_bool list(bool).() bool',
      'list_duration_min_duration list(duration).() duration',
      'list_timestamp_min_timestamp list(timestamp).() timestamp',
      'list_string_min_string list(string).() string',
      'list_bytes_min_bytes list(bytes).() bytes',
    ],
    sum: [
      'list_int_sum_int list(int).() int',
      'list_uint_sum_uint list(uint).() uint',
      'list_double_sum_double list(double).() double',
      'list_duration_sum_duration list(duration).() duration',
    ],
  },
};

export const authzLibrary: Library = {
  name: 'kubernetes.authz',
  functions: {
    allowed: ['decision_allowed Decision.() bool'],
    check: ['pathcheck_check PathCheck.(string) Decision', 'resourcecheck_check ResourceCheck.(string) Decision'],
    error: ['decision_error Decision.() string'],
    errored: ['decision_errored Decision.() bool'],
    group: ['authorizer_group Authorizer.(string) GroupCheck'],
    name: ['resourcecheck_name ResourceCheck.(string) ResourceCheck'],
    namespace: ['resourcecheck_namespace ResourceCheck.(string) ResourceCheck'],
    path: ['authorizer_path Authorizer.(string) PathCheck'],
    reason: ['decision_reason Decision.() string'],
    resource: ['groupcheck_resource GroupCheck.(string) ResourceCheck'],
    serviceAccount: ['authorizer_serviceaccount Authorizer.(string, string) Authorizer'],
    subresource: ['resourcecheck_subresource ResourceCheck.(string) ResourceCheck'],
  },
};

export const authzSelectorsLibrary: Library = {
  name: 'kubernetes.authzSelectors',
  functions: {
    fieldSelector: ['authorizer_fieldselector ResourceCheck.(string) ResourceCheck'],
    labelSelector: ['authorizer_labelselector ResourceCheck.(string) ResourceCheck'],
  },
};

export const quantityLibrary: Library = {
  name: 'kubernetes.quantity',
  functions: {
    add: ['quantity_add Quantity.(Quantity) Quantity', 'quantity_add_int Quantity.(int) Quantity'],
    asApproximateFloat: ['quantity_get_float Quantity.() double'],
    asInteger: ['quantity_get_int Quantity.() int'],
    compareTo: ['quantity_compare_to Quantity.(Quantity) int'],
    isGreaterThan: ['quantity_is_greater_than Quantity.(Quantity) bool'],
    isInteger: ['quantity_is_integer Quantity.() bool'],
    isLessThan: ['quantity_is_less_than Quantity.(Quantity) bool'],
    isQuantity: ['is_quantity_string (string) bool'],
    quantity: ['string_to_quantity (string) Quantity'],
    sign: ['quantity_sign (Quantity) int'],
    sub: ['quantity_sub Quantity.(Quantity) Quantity', 'quantity_sub_int Quantity.(int) Quantity'],
  },
};

export const ipLibrary: Library = {
  name: 'kubernetes.net.ip',
  functions: {
    family: ['ip_family IP.() int'],
    ip: ['string_to_ip (string) IP'],
    'ip.isCanonical': ['ip_is_canonical (string) bool'],
    isGlobalUnicast: ['ip_is_global_unicast IP.() bool'],
    isIP: ['is_ip (string) bool'],
    isLinkLocalMulticast: ['ip_is_link_local_multicast IP.() bool'],
    isLinkLocalUnicast: ['ip_is_link_local_unicast IP.() bool'],
    isLoopback: ['ip_is_loopback IP.() bool'],
    isUnspecified: ['ip_is_unspecified IP.() bool'],
    string: ['ip_to_string (IP) string'],
  },
};

export const cidrLibrary: Library = {
  name: 'kubernetes.net.cidr',
  functions: {
    cidr: ['string_to_cidr (string) CIDR'],
    containsCIDR: ['cidr_contains_cidr_string CIDR.(string) bool', 'cidr_contains_cidr CIDR.(CIDR) bool'],
    containsIP: ['cidr_contains_ip_string CIDR.(string) bool', 'cidr_contains_ip_ip CIDR.(IP) bool'],
    ip: ['cidr_ip CIDR.() IP'],
    isCIDR: ['is_cidr (string) bool'],
    masked: ['cidr_masked CIDR.() CIDR'],
    prefixLength: ['cidr_prefix_length CIDR.() int'],
    string: ['cidr_to_string (CIDR) string'],
  },
};

export const formatLibrary: Library = {
  name: 'kubernetes.format',
  functions: {
    'format.byte': ['format.byte () NamedFormat'],
    'format.date': ['format.date () NamedFormat'],
    'format.datetime': ['format.datetime () NamedFormat'],
    'format.dns1035Label': ['format.dns1035Label () NamedFormat'],
    'format.dns1035LabelPrefix': ['format.dns1035LabelPrefix () NamedFormat'],
    'format.dns1123Label': ['format.dns1123Label () NamedFormat'],
    'format.dns1123LabelPrefix': ['format.dns1123LabelPrefix () NamedFormat'],
    'format.dns1123Subdomain': ['format.dns1123Subdomain () NamedFormat'],
    'format.dns1123SubdomainPrefix': ['format.dns1123SubdomainPrefix () NamedFormat'],
    'format.labelValue': ['format.labelValue () NamedFormat'],
    'format.named': ['format-named (string) optional_type(NamedFormat)'],
    'format.qualifiedName': ['format.qualifiedName () NamedFormat'],
    'format.uri': ['format.uri () NamedFormat'],
    'format.uuid': ['format.uuid () NamedFormat'],
    validate: ['format-validate NamedFormat.(string) optional_type(list(string))'],
  },
};

export const semverLibrary: Library = {
  name: 'kubernetes.Semver',
  functions: {
    compareTo: ['semver_compare_to Semver.(Semver) int'],
    isGreaterThan: ['semver_is_greater_than Semver.(Semver) bool'],
    isLessThan: ['semver_is_less_than Semver.(Semver) bool'],
    isSemver: ['is_semver_string (string) bool', 'is_semver_string_bool (string, bool) bool'],
    major: ['semver_major Semver.() int'],
    minor: ['semver_minor Semver.() int'],
    patch: ['semver_patch Semver.() int'],
    semver: ['string_to_semver (string) Semver', 'string_bool_to_semver (string, bool) Semver'],
  },
};

export const jsonPatchLibrary: Library = {
  name: 'kubernetes.jsonpatch',
  functions: {
    'jsonpatch.escapeKey': ['string_jsonpatch_escapeKey_string (string) string'],
  },
};
