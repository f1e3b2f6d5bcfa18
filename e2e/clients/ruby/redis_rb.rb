# An ordinary application on redis-rb: redis_rb.rb HOST PORT STOPFILE. See ../doc.go for what it prints.
require 'json'
require 'redis'
require 'securerandom'

HOST, PORT, STOP = ARGV
NAME = "ruby:#{SecureRandom.hex(8)}".freeze
PATIENCE = 10 # seconds: for what must come in the end, on a busy machine

$errors = Hash.new(0)
$unknown = 0

def check(ok, what)
  $errors[what[0, 200]] += 1 unless ok
end

def connect
  Redis.new(host: HOST, port: PORT.to_i)
end

# One more than the last value, and at most one more again for each outcome that is unknown.
class Counter
  def initialize(what)
    @what = what
    @last = 0
    @unsure = $unknown
  end

  def now(value)
    check(value > @last, "lost: #{@what} is behind")
    check(value <= @last + 1 + $unknown - @unsure, "twice: #{@what} is ahead")
    @last = value
    @unsure = $unknown
  end
end

# Echo answers requests from a list, on a connection that is blocked most of the time.
def echo(redis)
  n = nil
  until n == 'end'
    begin
      _, n = redis.blpop("#{NAME}:requests", timeout: 1)
      redis.rpush("#{NAME}:replies", n) if n
    rescue Redis::BaseError => e
      failed(e)
    end
  end
end

def subscribe(redis, heard, ready)
  redis.subscribe("#{NAME}:channel") do |on|
    on.subscribe { ready << true }
    on.message do |_, message|
      redis.unsubscribe if message == 'end'
      heard << message
    end
  end
rescue Redis::BaseError => e
  failed(e)
end

def failed(error)
  if error.message.include?('UNKNOWNOUTCOME')
    $unknown += 1
  else
    check(false, "#{error.class}: #{error.message}")
  end
end

class Application
  BODY = 'redis.call("SET", KEYS[1], ARGV[1]) return {KEYS[1], ARGV[1]} -- ruby'.freeze

  def initialize(redis, heard)
    @redis = redis
    @heard = heard
    @sha = redis.script(:load, BODY)
    @counter = Counter.new('counter')
    @watched = Counter.new('watched')
  end

  STEPS = %i[values incr pipeline transaction script queue publish].freeze

  def values(n)
    @redis.set(key('value'), "v#{n}")
    check(@redis.get(key('value')) == "v#{n}", 'stale: GET after SET')
  end

  def incr(_)
    @counter.now(@redis.incr(key('counter')))
  end

  def pipeline(n)
    replies = @redis.pipelined do |p|
      5.times { |i| p.set(key("p#{i}"), "#{n}-#{i}") }
      5.times { |i| p.get(key("p#{i}")) }
    end
    check(replies == ['OK'] * 5 + Array.new(5) { |i| "#{n}-#{i}" }, 'stale: pipeline')
  end

  # Nobody else writes the watched key: EXEC answers nil only when the master has changed in between.
  def transaction(_)
    replies = nil
    until replies
      replies = @redis.watch(key('watched')) do
        before = @redis.get(key('watched')).to_i
        @redis.multi do |m|
          m.set(key('watched'), before + 1)
          m.get(key('watched'))
        end
      end
    end
    @watched.now(replies[1].to_i)
  end

  # redis-rb leaves NOSCRIPT to the application: evalsha is expected to work for as long as the script was loaded.
  def script(n)
    want = [key('script'), "s#{n}"]
    check(@redis.evalsha(@sha, [key('script')], ["s#{n}"]) == want, 'wrong reply of evalsha')
    check(@redis.eval(BODY, [key('script')], ["s#{n}"]) == want, 'wrong reply of eval')
    check(@redis.get(key('script')) == "s#{n}", 'stale: GET after script')
  end

  def queue(n)
    @redis.rpush("#{NAME}:requests", n)
    loop do
      _, reply = @redis.blpop("#{NAME}:replies", timeout: PATIENCE)
      return check(false, 'missing: reply in the list') unless reply
      return if reply.to_i == n

      check(reply.to_i < n, 'wrong reply in the list')
    end
  end

  def publish(n)
    receivers = @redis.publish("#{NAME}:channel", n)
    check(receivers == 1, "lost: published to #{receivers} receivers")
    message = @heard.pop(timeout: PATIENCE)
    message = @heard.pop(timeout: PATIENCE) while message && message.to_i < n
    check(message.to_i == n, 'missing: message')
  end

  private

  def key(what)
    "#{NAME}:#{what}"
  end
end

# Inbox is a Queue whose pop can time out, which Ruby before 3.2 has not.
class Inbox
  def initialize
    @lock = Mutex.new
    @more = ConditionVariable.new
    @messages = []
  end

  def <<(message)
    @lock.synchronize do
      @messages << message
      @more.signal
    end
  end

  def pop(timeout:)
    @lock.synchronize do
      @more.wait(@lock, timeout) if @messages.empty?
      @messages.shift
    end
  end
end

heard = Inbox.new
ready = Queue.new
subscriber = Thread.new { subscribe(connect, heard, ready) }
ready.pop
main = connect
blocked = connect
ids = [main, blocked].map { |r| r.call(%w[CLIENT ID]) }
echoing = Thread.new { echo(blocked) }
application = Application.new(main, heard)
operations = 0
round = 0
until File.exist?(STOP)
  round += 1
  Application::STEPS.each do |step|
    application.send(step, round)
    operations += 1
  rescue Redis::BaseError => e
    failed(e)
  end
  puts "round #{round}"
  $stdout.flush
  sleep 0.02
end
main.rpush("#{NAME}:requests", 'end')
main.publish("#{NAME}:channel", 'end')
[subscriber, echoing].each(&:join)
# redis-rb connects once more by itself and says nothing. The id tells.
closed = [main, blocked].map { |r| r.call(%w[CLIENT ID]) }.zip(ids).count { |now, before| now != before }
[main, blocked].each(&:close)
puts JSON.generate(operations: operations, errors: $errors, closed: closed, unknown: $unknown)
