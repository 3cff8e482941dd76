id -un
ls /home/app/app | wc -l
