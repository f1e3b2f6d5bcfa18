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
PATIENCE = 20 # seconds: for what must come in the end, on a busy machine

class CountingJob
  include Sidekiq::Worker
  sidekiq_options retry: 0, queue: NAME

  def perform(n)
    Sidekiq.redis { |r| r.rpush("#{NAME}:results", JSON.generate([n, r.incr("#{NAME}:counter")])) }
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

# Jobs' results come back through a list: [n, the counter after the job].
def single(n, last)
  unsure = $unknown
  CountingJob.perform_async(n)
  loop do
    _, result = Sidekiq.redis { |r| r.blpop("#{NAME}:results", timeout: PATIENCE) }
    return check(false, 'missing: result of a job') unless result

    done, count = JSON.parse(result)
    check(count > last[0], 'lost: job counter is behind')
    check(count <= last[0] + 1 + $unknown - unsure, 'twice: job counter is ahead')
    last[0] = count
    return if done == n
  end
end

# Two jobs may run at once, so the results of one round are in any order.
def bulk(n, last)
  Sidekiq::Client.push_bulk('class' => CountingJob, 'args' => Array.new(5) { [n] })
  results = Array.new(5) { Sidekiq.redis { |r| r.blpop("#{NAME}:results", timeout: PATIENCE) } }
  return check(false, 'missing: result of one of many jobs') unless results.all?

  results = results.map { |_, result| JSON.parse(result) }
  check(results.all? { |done, _| done == n }, 'wrong result of one of many jobs')
  check(results.map(&:last).uniq.size == 5, 'lost: one of many jobs')
  last[0] = results.map(&:last).max
end

log = File.join(Dir.tmpdir, "#{NAME.tr(':', '-')}.log")
server = spawn({ 'SIDEKIQ_JOBS_NAME' => NAME }, 'sidekiq', '-r', File.expand_path(__FILE__), '-q', NAME, '-c', '2', out: log, err: log)
id = Sidekiq.redis { |r| r.call(%w[CLIENT ID]) }
operations = 0
last = [0]
round = 0
until File.exist?(STOP)
  round += 1
  begin
    single(round, last)
    bulk(round, last)
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
