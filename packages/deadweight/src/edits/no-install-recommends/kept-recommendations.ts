/** What is recommended alone but wanted by nearly all who install a package: kept by name. */
export interface KeptRecommendation {
  readonly packages: RegExp;
  readonly keep: readonly string[];
  /** Only where the Dockerfile says something of the kind. */
  readonly when?: RegExp;
}

// Dropped by the flag, measured on Debian bookworm. Without ca-certificates no TLS connection is trusted: argo-cd #25972.
/** What is kept by name, by the packages that recommend it. */
export const keptRecommendations: readonly KeptRecommendation[] = [
  { packages: /^(?:curl|wget|git|git-lfs|mercurial|subversion|aria2|nodejs|libcurl4|lynx|w3m)$/, keep: ["ca-certificates"] },
  { packages: /^git$/, keep: ["openssh-client"], when: /git@|ssh:\/\/|--mount=type=ssh/ },
  { packages: /^gcc(?:-\d+)?$/, keep: ["libc6-dev"] },
  { packages: /^clang(?:-\d+)?$/, keep: ["libc6-dev"] },
  { packages: /^cmake$/, keep: ["make", "gcc", "libc6-dev"] },
  { packages: /^xvfb$/, keep: ["xauth"] },
  { packages: /^chromium$/, keep: ["chromium-sandbox"] },
  { packages: /^gnupg$/, keep: ["dirmngr"] },
];

/** Packages that bring others of the table by depending on them. */
export const dependencies: Readonly<Record<string, readonly string[]>> = {
  "build-essential": ["gcc", "libc6-dev", "make"],
  "g++": ["gcc", "libc6-dev"],
  "python3-pip": ["ca-certificates"],
  "python3-dev": ["libc6-dev"],
  gnupg: ["dirmngr"],
};
