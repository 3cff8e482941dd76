/**
 * Python that imports every installed top-level module, those of the standard library too, and prints one line for each: `ok NAME`, or
 * `no NAME ERROR`. They are imported one after the other in a process of their own, so that one that crashes or never ends takes only
 * itself; what stands in the working folder is left alone, as it may be a program that runs.
 */
export const sweepProgram = `
import os, pkgutil, signal, site, sys, sysconfig
sys.path[:] = [p for p in sys.path if p not in ("", ".") and os.path.abspath(p) != os.getcwd()]
roots = set(sysconfig.get_paths().values()) | set(site.getsitepackages() + [site.getusersitepackages()])
roots |= {p for p in sys.path if p.endswith(("site-packages", "dist-packages", "lib-dynload"))}
skipped = {"antigravity", "this", "idlelib", "turtledemo", "test", "__main__"}
paths = [p for p in sys.path if p in roots]
names = sorted({m.name for m in pkgutil.iter_modules(paths)} | set(sys.builtin_module_names))
names = [n for n in names if n.isidentifier() and n not in skipped and not n.startswith("__")]
def work(names, out):
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2): os.dup2(null, fd)
    for name in names:
        signal.alarm(60)
        os.write(out, b"> %s\\n" % name.encode())
        try:
            __import__(name)
            text = "ok " + name
        except BaseException as e:
            text = "no %s %s: %s" % (name, type(e).__name__, " ".join(str(e).split())[:300])
        os.write(out, text.encode("utf-8", "replace") + b"\\n")
    os._exit(0)
while names:
    r, w = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(r)
        work(names, w)
    os.close(w)
    at = None
    with os.fdopen(r, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            word, rest = line.rstrip("\\n").split(" ", 1)
            if word == ">": at = rest
            else:
                print(word, rest)
                names.remove(rest.split(" ", 1)[0])
                at = None
    status = os.waitpid(child, 0)[1]
    if at is not None:
        names.remove(at)
        print("no", at, "ended by signal %d" % (status & 127) if status & 127 else "ended with code %d" % (status >> 8))
    elif names:
        break
`;
