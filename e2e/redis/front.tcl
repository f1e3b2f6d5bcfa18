# Makes Redis's test suite talk to every master that it starts through a sentinelproxy of that master's own.
#
# Sourced by the suite's programs after their own procedures. SUITE_FRONTS is the port at which the fronts are
# opened and closed: see fronts_test.go. What the suite does with a server's process, its files and its
# replication is left as it is; only connections that it makes as a client take the other way.

array set ::front_ports {} ;# of a server -> of the proxy before it

proc front_request {verb argument} {
    set control [direct_socket 127.0.0.1 $::env(SUITE_FRONTS)]
    puts $control "$verb $argument"
    flush $control
    set answer [gets $control]
    close $control
    return $answer
}

rename socket direct_socket
proc socket args {
    if {[lsearch -exact $args -server] < 0} {
        lassign [lrange $args end-1 end] host port
        if {$host in {localhost 127.0.0.1 ::1} && [info exists ::front_ports($port)]} {
            set args [lreplace $args end end $::front_ports($port)]
        }
    }
    uplevel 1 [list direct_socket {*}$args]
}

rename wait_server_started direct_wait_server_started
proc wait_server_started {config_file stdout pid} {
    set busy [direct_wait_server_started $config_file $stdout $pid]
    if {!$busy} {
        lassign [front_request open [file normalize $config_file]] port front
        if {$port ne {} && $port != $front} {
            set ::front_ports($port) $front
        }
    }
    return $busy
}

rename kill_server direct_kill_server
proc kill_server config {
    direct_kill_server $config
    set port [dict get $config port]
    if {[info exists ::front_ports($port)]} {
        unset ::front_ports($port)
        front_request close $port
    }
}
