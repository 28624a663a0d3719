module mockserver

go 1.18
