/** How what is on a cluster is told whose it is, and what of it may go with the cluster. Of the environment file. */
export interface CatalogueSettings {
  /** On objects and their Argo CD Applications. */
  readonly ownerLabel: string;
  /** `match`: a host name or `namespace/name`; `*` stands for anything. */
  readonly ignore: readonly { readonly match: string; readonly reason: string }[];
}

/** The label that owners are told by where the file names no other. */
export const OWNER_LABEL = 'team';
