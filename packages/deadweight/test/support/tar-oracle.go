// Command tar-oracle prints what Go's archive/tar makes of archives, one JSON line for each: the oracle for the tar reader's tests.
// Its input is a sequence of archives, each after its length as eight bytes, big-endian.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
)

type entry struct {
	Type    string  `json:"type"`
	Name    string  `json:"name"`
	Link    string  `json:"link"`
	Size    float64 `json:"size"`
	Mode    float64 `json:"mode"`
	UID     float64 `json:"uid"`
	GID     float64 `json:"gid"`
	Seconds float64 `json:"seconds"`
	Major   float64 `json:"major"`
	Minor   float64 `json:"minor"`
	SHA     string  `json:"sha,omitempty"`
}

type result struct {
	Error   string  `json:"error"`
	Entries []entry `json:"entries"`
}

func latin1(s string) string {
	runes := make([]rune, len(s))
	for i := 0; i < len(s); i++ {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

func read(archive []byte) result {
	reader := tar.NewReader(bytes.NewReader(archive))
	out := result{Entries: []entry{}}
	for {
		header, err := reader.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			out.Error = err.Error()
			return out
		}
		if header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		e := entry{string(rune(header.Typeflag)), latin1(header.Name), latin1(header.Linkname), float64(header.Size), float64(header.Mode),
			float64(header.Uid), float64(header.Gid), float64(header.ModTime.Unix()), float64(header.Devmajor), float64(header.Devminor), ""}
		if (header.Typeflag == tar.TypeReg) && header.PAXRecords["GNU.sparse.major"] == "" && header.PAXRecords["GNU.sparse.map"] == "" {
			hash := sha256.New()
			if _, err := io.Copy(hash, reader); err != nil {
				out.Error = err.Error()
				return out
			}
			e.SHA = hex.EncodeToString(hash.Sum(nil))
		}
		out.Entries = append(out.Entries, e)
	}
}

func main() {
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	output := json.NewEncoder(os.Stdout)
	for {
		var length uint64
		if err := binary.Read(input, binary.BigEndian, &length); err != nil {
			return
		}
		archive := make([]byte, length)
		if _, err := io.ReadFull(input, archive); err != nil {
			panic(err)
		}
		if err := output.Encode(read(archive)); err != nil {
			panic(err)
		}
	}
}
