# An ordinary application on Sidekiq: sidekiq_jobs.rb HOST PORT STOPFILE. It starts Sidekiq's own server, which does
# the jobs that are enqueued here. See ../doc.go for what it prints.
require 'json'
require 'securerandom'
require 'sidekiq'
require 'tmpdir'

# The server loads this file too, with the address and the name in its environment.
SERVER = ENV.key?('SIDEKIQ_JOBS_NAME')
HOST, PORT, STOP = ARGV unless SERVER
NAME = SERVER ? ENV['SIDEKIQ_JOBS_NAME'] : "sidekiq:#{SecureRandom.hex(8)}"
ENV['REDIS_URL'] = "redis://#{HOST}:#{PORT}/3" unless SERVER
PATIENCE = 10 # seconds: for what must come in the end, on a busy machine

class CountingJob
  include Sidekiq::Worker
  sidekiq_options retry: 0, queue: NAME

  def perform(n)
    Sidekiq.redis { |r| r.rpush("#{NAME}:results", JSON.generate([n, count(r)])) }
  rescue Redis::CommandError => e
    raise unless e.message.include?('UNKNOWNOUTCOME') # who waits for the result misses it
  end

  # nil: it may have been counted, or not.
  def count(redis)
    redis.incr("#{NAME}:counter")
  rescue Redis::CommandError => e
    raise unless e.message.include?('UNKNOWNOUTCOME')
  end
end

if SERVER
  Sidekiq.configure_server do |config|
    config.error_handlers << ->(error, _) { $stdout.puts "ERROR #{error.message}" }
  end
  return
end

$errors = Hash.new(0)
$unknown = 0

def check(ok, what)
  $errors[what[0, 200]] += 1 unless ok
end

def failed(error)
  if error.message.include?('UNKNOWNOUTCOME')
    $unknown += 1
  else
    check(false, "#{error.class}: #{error.message}")
  end
end

# Ledger checks the counter that each job is to increment once.
class Ledger
  def initialize
    @last = 0
    @unsure = 0 # jobs that may have been counted without our seeing the count
  end

  def enqueued_maybe(jobs)
    @unsure += jobs
  end

  # Takes the results of a round, [n, the counter after the job], which come in any order.
  def take(jobs, n)
    results = Array.new(jobs) { Sidekiq.redis { |r| r.blpop("#{NAME}:results", timeout: PATIENCE) } }.compact
    check(results.size == jobs, 'missing: result of a job')
    results = results.map { |_, result| JSON.parse(result) }
    check(results.all? { |round, _| round <= n }, 'wrong result of a job')
    counts = results.map(&:last).compact
    $unknown += results.size - counts.size
    @unsure += jobs - counts.size
    verify(counts)
  end

  def verify(counts)
    return if counts.empty?

    check(counts.uniq.size == counts.size, 'lost: job counter')
    check(counts.min > @last, 'lost: job counter is behind')
    check(counts.max <= @last + counts.size + @unsure, 'twice: job counter is ahead')
    @unsure = [@unsure - (counts.max - @last - counts.size), 0].max
    @last = counts.max
  end
end

def one(n, ledger)
  CountingJob.perform_async(n)
  ledger.take(1, n)
rescue Redis::BaseError
  ledger.enqueued_maybe(1)
  raise
end

def many(n, ledger)
  Sidekiq::Client.push_bulk('class' => CountingJob, 'args' => Array.new(5) { [n] })
  ledger.take(5, n)
rescue Redis::BaseError
  ledger.enqueued_maybe(5)
  raise
end

log = File.join(Dir.tmpdir, "#{NAME.tr(':', '-')}.log")
server = spawn({ 'SIDEKIQ_JOBS_NAME' => NAME }, 'sidekiq', '-r', File.expand_path(__FILE__), '-q', NAME, '-c', '2', out: log, err: log)
id = Sidekiq.redis { |r| r.call(%w[CLIENT ID]) }
operations = 0
ledger = Ledger.new
round = 0
until File.exist?(STOP)
  round += 1
  begin
    one(round, ledger)
    many(round, ledger)
    operations += 2
  rescue Redis::BaseError => e
    failed(e)
  end
  puts "round #{round}"
  $stdout.flush
  sleep 0.02
end
Process.kill('TERM', server)
_, status = Process.wait2(server)
check(status.exitstatus == 0, "sidekiq ended with #{status}")
File.foreach(log) { |line| failed(RuntimeError.new(line.strip)) if line =~ /ERROR|WARN/ }
File.delete(log)
# redis-rb connects once more by itself and says nothing. The id tells.
closed = Sidekiq.redis { |r| r.call(%w[CLIENT ID]) } == id ? 0 : 1
puts JSON.generate(operations: operations, errors: $errors, closed: closed, unknown: $unknown)
