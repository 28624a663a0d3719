// Package mockserver makes a sandbox of tmall-mockserver for each Go test. 每个测试一个独立环境。
//
// The server is found by the variables that `tmall-mockserver exec -- CMD` exports, else by the
// ready file of `tmall-mockserver serve --detach` (.mockserver.json here or in a folder above).
package mockserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const noServer = "没有运行中的服务：用 `tmall-mockserver exec -- 测试命令`，或先运行 `tmall-mockserver serve --detach` " +
	"(no server: run the tests by `tmall-mockserver exec -- CMD`, or `tmall-mockserver serve --detach` first)"

var client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{Proxy: nil}}

// Fields is a JSON object. Numbers that come in are json.Number, so that no id is rounded.
type Fields = map[string]any

// Sandbox is one isolated world: keys, session and gateway for your client, and the control API.
type Sandbox struct {
	ID         string `json:"id"`
	AppKey     string `json:"app_key"`
	AppSecret  string `json:"app_secret"`
	Session    string `json:"session"`
	SubSession string `json:"sub_session"`
	Gateway    string `json:"gateway"`
	t          testing.TB
	server     server
}

type server struct{ URL, Token string }

// New makes a sandbox from a world document (nil: all is made up) and drops it after the test.
func New(t testing.TB, document Fields) *Sandbox {
	box := connect(t, "sandboxes", document)
	t.Cleanup(func() { box.Control("DELETE", "", nil, nil) })
	return box
}

// Use resets a sandbox that exists ("default"): for a service whose keys are fixed.
func Use(t testing.TB, id string) *Sandbox { return connect(t, "sandboxes/"+id+"/reset", nil) }

func connect(t testing.TB, path string, body Fields) *Sandbox {
	t.Helper()
	running, err := findServer()
	box := &Sandbox{t: t, server: running}
	if err == nil {
		err = box.ask("POST", path, body, box)
	}
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// Open opens an exchange as the buyer; its "dispute_id" is text.
func (box *Sandbox) Open(fields Fields) Fields { return box.object("POST", "/exchanges", fields) }

// Show returns an exchange.
func (box *Sandbox) Show(id string) Fields { return box.object("GET", "/exchanges/"+id, nil) }

// Move plays a party: Move(id, "buyer", "ship_back").
func (box *Sandbox) Move(id, by, move string) Fields {
	return box.object("POST", "/exchanges/"+id+"/moves", Fields{"by": by, "move": move})
}

// Advance lets time pass: "7d", "6d23h59m59s".
func (box *Sandbox) Advance(by string) Fields {
	return box.object("POST", "/clock/advance", Fields{"by": by})
}

// Reset makes everything as it was made.
func (box *Sandbox) Reset() { box.object("POST", "/reset", nil) }

// Control makes any call of the control API below this sandbox; what is refused ends the test.
func (box *Sandbox) Control(verb, path string, body Fields, reply any) {
	box.t.Helper()
	if err := box.ask(verb, "sandboxes/"+box.ID+path, body, reply); err != nil {
		box.t.Fatal(err)
	}
}

func (box *Sandbox) object(verb, path string, body Fields) Fields {
	reply := Fields{}
	box.Control(verb, path, body, &reply)
	return reply
}

func (box *Sandbox) ask(verb, path string, body Fields, reply any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if body == nil {
		content = []byte("{}")
	}
	request, err := http.NewRequest(verb, box.server.URL+"/_sandbox/"+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+box.server.Token)
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("%w; %s", err, noServer)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s %s", verb, path, response.Status, text)
	}
	if reply == nil {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(reply)
}

func findServer() (running server, err error) {
	running = server{os.Getenv("TMALL_MOCKSERVER_URL"), os.Getenv("TMALL_MOCKSERVER_TOKEN")}
	if running.URL != "" {
		return running, nil
	}
	path := os.Getenv("TMALL_MOCKSERVER_READY_FILE")
	for folder, _ := os.Getwd(); path == ""; folder = filepath.Dir(folder) {
		here := filepath.Join(folder, ".mockserver.json")
		if _, err := os.Stat(here); err == nil {
			path = here
		} else if folder == filepath.Dir(folder) {
			return running, errors.New(noServer)
		}
	}
	content, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(content, &running) != nil || running.URL == "" {
		return running, fmt.Errorf("%s: %s", path, noServer)
	}
	return running, nil
}
