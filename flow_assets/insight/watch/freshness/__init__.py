"""What is late? `look` is the watch; `series` is what is there, `pace` how it came, `lateness` what is late of it."""
