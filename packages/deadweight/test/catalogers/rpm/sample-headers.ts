import { headerBlob } from "./make-databases.ts";

/** Three packages with little, much and no content: the second does not fit on a page of 4096 bytes. */
export const sampleBlobs: readonly Buffer[] = [
  headerBlob({
    name: "glibc",
    version: "2.34",
    release: "60.el9",
    architecture: "x86_64",
    size: 6_000_000,
    directories: ["/lib64/", "/usr/share/"],
    files: [
      [0, "libc.so.6"],
      [1, "glibc"],
    ],
    provides: ["glibc", "libc.so.6()(64bit)"],
  }),
  headerBlob({
    name: "data",
    epoch: 2,
    directories: ["/usr/share/data/"],
    files: Array.from({ length: 400 }, (_, number) => [0, `a-file-with-a-long-name-${number}`] as const),
    requires: ["libc.so.6()(64bit)", "rpmlib(CompressedFileNames)", "/usr/share/glibc"],
  }),
  headerBlob({ name: "gpg-pubkey", version: "fd431d51", release: "4ae0493b", architecture: "(none)" }),
];
