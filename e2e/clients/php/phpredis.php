<?php
// An ordinary application on phpredis: phpredis.php HOST PORT STOPFILE. See ../doc.go for what it prints.
// PHP has no threads: who blocks or subscribes is a process of its own.
error_reporting(E_ALL);
set_error_handler(function ($number, $text) { failed("PHP: $text"); return true; });

[, $host, $port, $stop] = $argv;
const PATIENCE = 10; // seconds: for what must come in the end, on a busy machine
$name = 'php:' . bin2hex(random_bytes(8));
$errors = [];
$unknown = 0;

function failed(string $what): void
{
    global $errors, $unknown;
    if (strpos($what, 'UNKNOWNOUTCOME') !== false) {
        $unknown++;
        return;
    }
    $what = substr($what, 0, 200);
    $errors[$what] = ($errors[$what] ?? 0) + 1;
}

function check(bool $ok, string $what): void
{
    if (!$ok) {
        failed($what);
    }
}

// phpredis returns false for an error reply of most commands and keeps the text.
function ok(Redis $redis, $reply)
{
    if ($redis->getLastError() !== null) {
        $text = $redis->getLastError();
        $redis->clearLastError();
        throw new RedisException($text);
    }
    return $reply;
}

function connect(): Redis
{
    global $host, $port;
    $redis = new Redis();
    $redis->connect($host, (int) $port);
    return $redis;
}

// Runs a child that reports its errors through a file, because what it counts is its own.
function child(callable $work): array
{
    global $errors, $unknown;
    $file = tempnam(sys_get_temp_dir(), 'phpredis');
    $pid = pcntl_fork();
    if ($pid === 0) {
        try {
            $work();
        } catch (RedisException $e) {
            failed('child: ' . $e->getMessage());
        }
        file_put_contents($file, json_encode([$errors, $unknown]));
        exit(0);
    }
    return [$pid, $file];
}

function join_child(array $child): void
{
    global $errors, $unknown;
    [$pid, $file] = $child;
    pcntl_waitpid($pid, $status);
    check($status === 0, "child ended with $status");
    [$more, $unsure] = json_decode(file_get_contents($file), true);
    unlink($file);
    $unknown += $unsure;
    foreach ($more as $text => $n) {
        $errors[$text] = ($errors[$text] ?? 0) + $n;
    }
}

// One more than the last value, and at most one more again for each outcome that is unknown.
class Counter
{
    private int $last = 0;
    private int $unsure = 0;

    public function __construct(private string $what)
    {
    }

    public function now(int $value): void
    {
        global $unknown;
        check($value > $this->last, "lost: $this->what is behind");
        check($value <= $this->last + 1 + $unknown - $this->unsure, "twice: $this->what is ahead");
        $this->last = $value;
        $this->unsure = $unknown;
    }
}

function echo_requests(): void
{
    global $name;
    $redis = connect();
    $request = [];
    while ($request !== ["$name:requests", 'end']) {
        try {
            $request = ok($redis, $redis->blPop(["$name:requests"], 1));
            if ($request) {
                ok($redis, $redis->rPush("$name:replies", $request[1]));
            }
        } catch (RedisException $e) {
            failed($e->getMessage());
        }
    }
    $redis->close();
}

// Hands on every message through a list.
function listen(): void
{
    global $name;
    ini_set('default_socket_timeout', '-1'); // phpredis's manual: for subscribe
    $redis = connect();
    $out = connect();
    $ended = false;
    try {
        $redis->subscribe(["$name:channel"], function ($redis, $channel, $message) use ($out, $name, &$ended) {
            if ($message === 'end') {
                $ended = true;
                $redis->close(); // the only way out of subscribe; it then complains
                return;
            }
            try {
                ok($out, $out->rPush("$name:heard", $message));
            } catch (RedisException $e) {
                failed($e->getMessage());
            }
        });
    } catch (RedisException $e) {
        check($ended, 'subscription: ' . $e->getMessage());
    }
}

class Application
{
    private const BODY = 'redis.call("SET", KEYS[1], ARGV[1]) return {KEYS[1], ARGV[1]} -- php';
    public const STEPS = ['values', 'incr', 'pipeline', 'transaction', 'script', 'queue', 'publish'];
    private string $sha;
    private Counter $counter;
    private Counter $watched;

    public function __construct(private Redis $redis, private string $name)
    {
        $this->sha = $redis->script('load', self::BODY);
        $this->counter = new Counter('counter');
        $this->watched = new Counter('watched');
    }

    public function values(int $n): void
    {
        $r = $this->redis;
        ok($r, $r->set("$this->name:value", "v$n"));
        check(ok($r, $r->get("$this->name:value")) === "v$n", 'stale: GET after SET');
    }

    public function incr(int $n): void
    {
        $value = ok($this->redis, $this->redis->incr("$this->name:counter"));
        $this->counter->now($value);
    }

    public function pipeline(int $n): void
    {
        $pipe = $this->redis->multi(Redis::PIPELINE);
        $want = [];
        for ($i = 0; $i < 5; $i++) {
            $pipe->set("$this->name:p$i", "$n-$i");
            $want[] = true;
        }
        for ($i = 0; $i < 5; $i++) {
            $pipe->get("$this->name:p$i");
            $want[] = "$n-$i";
        }
        check(ok($this->redis, $pipe->exec()) === $want, 'stale: pipeline');
    }

    // Nobody else writes the watched key: EXEC answers nil only when the master has changed in between.
    public function transaction(int $n): void
    {
        $r = $this->redis;
        do {
            ok($r, $r->watch("$this->name:watched"));
            $before = (int) ok($r, $r->get("$this->name:watched"));
            $replies = ok($r, $r->multi()->set("$this->name:watched", $before + 1)->get("$this->name:watched")->exec());
        } while ($replies === false);
        $this->watched->now((int) $replies[1]);
    }

    // phpredis leaves NOSCRIPT to the application: evalSha is expected to work for as long as the script was loaded.
    public function script(int $n): void
    {
        $r = $this->redis;
        $key = "$this->name:script";
        check(ok($r, $r->evalSha($this->sha, [$key, "s$n"], 1)) === [$key, "s$n"], 'wrong reply of evalSha');
        check(ok($r, $r->eval(self::BODY, [$key, "s$n"], 1)) === [$key, "s$n"], 'wrong reply of eval');
        check(ok($r, $r->get($key)) === "s$n", 'stale: GET after script');
    }

    public function queue(int $n): void
    {
        ok($this->redis, $this->redis->rPush("$this->name:requests", $n));
        $this->await('replies', $n, 'reply in the list');
    }

    public function publish(int $n): void
    {
        $receivers = ok($this->redis, $this->redis->publish("$this->name:channel", (string) $n));
        check($receivers === 1, "lost: published to $receivers receivers");
        $this->await('heard', $n, 'message');
    }

    private function await(string $list, int $n, string $what): void
    {
        do {
            $reply = ok($this->redis, $this->redis->blPop(["$this->name:$list"], PATIENCE));
            if (!$reply) {
                failed("missing: $what");
                return;
            }
            check($reply[1] <= $n, "wrong $what");
        } while ($reply[1] < $n);
    }
}

$children = [child('echo_requests'), child('listen')];
$redis = connect();
$id = $redis->rawCommand('CLIENT', 'ID');
while ($redis->pubsub('numsub', ["$name:channel"])["$name:channel"] < 1) {
    usleep(10000);
}
$application = new Application($redis, $name);
$operations = 0;
for ($round = 1; !file_exists($stop); $round++) {
    foreach (Application::STEPS as $step) {
        try {
            $application->$step($round);
            $operations++;
        } catch (RedisException $e) {
            failed($e->getMessage());
        }
    }
    echo "round $round\n";
    usleep(20000);
}
$redis->rPush("$name:requests", 'end');
$redis->publish("$name:channel", 'end');
array_map('join_child', $children);
// phpredis connects once more by itself and says nothing. The id tells.
$closed = (int) ($redis->rawCommand('CLIENT', 'ID') !== $id);
$redis->close();
echo json_encode(['operations' => $operations, 'errors' => (object) $errors, 'closed' => $closed, 'unknown' => $unknown]), "\n";
